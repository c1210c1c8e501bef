// SPDX-License-Identifier: GPL-2.0-or-later
// Strict reading of TOML data: the first thing that is wrong is kept as one UserError naming file,
// line and key; after it, every read returns a default, so that a reader is written straight
// through and asks once at the end.
#pragma once

#include <toml++/toml.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/data_files.h"
#include "sim/profile/figure.h"

namespace uprobesim {

struct Limits {
    double min = 0;
    double max = 1e15;
    bool whole = false;  // a count or a flag

    bool allow(double value) const;
    std::string text() const;  // "a whole number from 0 to 1"
};

// A table of the root and its keys, of which one may have been written outside the table.
struct KeyGroup {
    std::string_view table;
    std::vector<std::string> keys;
    std::string_view field = {};  // what its rows have and those of other groups have not
};

class TomlReader {
public:
    // Parses `file` and what it says it is based on, derived rows replacing base rows. The tables
    // named in `groups` are merged row by row, everything else is replaced as a whole.
    TomlReader(std::string_view folder, std::string_view what, const DataFile& file,
               std::vector<std::string_view> groups);

    const toml::table& root() const { return *root_; }
    const std::string& texts() const { return texts_; }  // all files read, base first
    const std::vector<std::string>& files() const {
        return files_;
    }  // their names, the one asked for first

    bool ok() const { return !error_.has_value(); }
    const UserError& error() const { return *error_; }
    void fail(const toml::node* at, std::string what, std::string hint = {});

    // Refuses any key of `table` that is not in `known`; one of a group's is told to belong there.
    void only(const toml::table& table, std::string_view path,
              const std::vector<std::string>& known, const std::vector<KeyGroup>& groups = {});
    // Each returns a default after failing; required unless the name says otherwise.
    const toml::table& table(const toml::table& parent, std::string_view key,
                             std::string_view path);
    std::string string(const toml::table& parent, std::string_view key, std::string_view path);
    std::string optional_string(const toml::table& parent, std::string_view key,
                                std::string_view path);
    // Of the root of the file asked for alone, not of what it is based on; optional.
    std::string own_string(std::string_view key);
    double number(const toml::table& parent, std::string_view key, std::string_view path,
                  Limits limits);
    double optional_number(const toml::table& parent, std::string_view key, std::string_view path,
                           Limits limits);
    // "@name rest" takes the text of [sources].name.
    std::string source(const toml::table& row, std::string_view path);
    Confidence confidence(const toml::table& row, std::string_view path);
    Figure figure(const toml::table& parent, std::string_view key, std::string_view path,
                  std::string_view unit, Limits limits);

private:
    std::optional<toml::table> parse(const DataFile& file);
    void read_chain(std::string_view folder, std::string_view what, const DataFile& file);
    void merge(toml::table&& over);

    std::string file_name_;
    std::vector<std::string_view> groups_;
    // Read only, once it is whole: copies share it. A copy of a toml++ node would forget its line.
    std::shared_ptr<toml::table> root_ = std::make_shared<toml::table>();
    std::string texts_;
    std::vector<std::string> files_;
    std::optional<UserError> error_;
    toml::table none_;
};

// A reader of `file`. What is built in is parsed once by each thread: it is the same each time, and
// a command needs it several times, to check it, to list it, and for each run.
TomlReader read_toml(std::string_view folder, std::string_view what, const DataFile& file,
                     std::vector<std::string_view> groups);

std::string key_path(std::string_view path, std::string_view key);

}  // namespace uprobesim
