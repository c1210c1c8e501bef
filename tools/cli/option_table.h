// SPDX-License-Identifier: GPL-2.0-or-later
// The options of a command as data. Parsing (command_line.h), --help, shell completion and manual
// pages all read the same rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

using Words = std::vector<std::string>;

enum class OptionKind : std::uint8_t {
    Flag,  // takes no value
    Text,  // takes one value, given at most once
    List,  // takes one value and can be repeated
};

// Where the values of an option, or the words of a command, come from: what a shell completes them
// with.
enum class ValueSource : std::uint8_t {
    Free,         // anything: numbers, sizes, times
    Choice,       // OptionRow::choices
    File,         // of the host
    Folder,       // of the host
    Kernel,       // a built-in kernel profile or a TOML file
    Machine,      // a built-in machine profile or a TOML file
    Handler,      // a built-in handler or a TOML file
    Profile,      // either
    Scenario,     // a built-in scenario or a TOML file
    Setting,      // machine.KEY=VALUE or kernel.KEY=VALUE
    Probe,        // uprobe:BINARY:PLACE
    ListedProbe,  // the same, or a file or folder of the host
    Bind,         // HOST:GUEST
    Program,      // a path in the guest, or a scenario, and then the program's own words
    Table,        // a published table
    Variant,      // a variant of the kernel's uprobe benchmark
};

struct OptionRow {
    std::string name;   // without "--"
    std::string alias;  // a second long name with the same meaning; empty: none
    char letter = 0;    // -x; 0: none
    OptionKind kind = OptionKind::Flag;
    std::string value;  // the name of its value in help: "FILE"
    std::string meaning;
    std::string section;  // the heading it stands under in help
    bool hidden = false;  // not in help
    ValueSource source = ValueSource::Free;
    bool comma_list = false;    // the value may be several of these, separated by commas
    Words choices;              // of ValueSource::Choice
    bool takes_number = false;  // a number may stand after its value: "--exception svc 3"

    OptionRow& short_name(char x) {
        letter = x;
        return *this;
    }
    OptionRow& also(std::string other) {
        alias = std::move(other);
        return *this;
    }
    OptionRow& hide() {
        hidden = true;
        return *this;
    }
    OptionRow& from(ValueSource where) {
        source = where;
        return *this;
    }
    OptionRow& several_from(ValueSource where) {
        comma_list = true;
        return from(where);
    }
    OptionRow& and_number() {
        takes_number = true;
        return *this;
    }
    OptionRow& one_of(Words words) {
        choices = std::move(words);
        return from(ValueSource::Choice);
    }
};

bool is_number_word(std::string_view word);  // digits only

class OptionTable {
public:
    // The heading of the rows that follow.
    void section(std::string heading) { section_ = std::move(heading); }
    // The row that is returned is to be completed at once: the next one may move it.
    OptionRow& flag(std::string name, std::string meaning);
    OptionRow& text(std::string name, std::string value, std::string meaning);
    OptionRow& list(std::string name, std::string value, std::string meaning);

    const std::vector<OptionRow>& rows() const { return rows_; }
    // By its name or alias, or by its letter; null where there is none.
    const OptionRow* find(std::string_view name) const;
    const OptionRow* find(char letter) const;
    // Names and aliases, but for hidden ones.
    Words names() const;

private:
    OptionRow& add(OptionKind kind, std::string name, std::string value, std::string meaning);

    std::vector<OptionRow> rows_;
    std::string section_ = "Options";
};

// "-o, --output FILE"
std::string option_heading(const OptionRow& row);
// The rows as --help prints them, in kHelpColumns columns.
inline constexpr std::size_t kHelpColumns = 100;
std::string option_text(const OptionTable& table);

}  // namespace uprobesim
