// SPDX-License-Identifier: GPL-2.0-or-later
// One verb's words as options and the rest. Boost.Program_options is used through here only.
//
// A verb that runs a guest stops reading at the first word that is no option: it is the guest's
// program, and everything after it belongs to the guest, as with env, timeout and nice. "--" before
// it is allowed and never needed. Other verbs take options and words in any order.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

using Words = std::vector<std::string>;
using OptionTable = boost::program_options::options_description;

// Option values: all are read as text and checked by us, because Boost's number readers accept "-1"
// as a huge unsigned.
boost::program_options::typed_value<std::string>* text_option(const char* name);
boost::program_options::typed_value<Words>* list_option(const char* name);  // can be repeated
OptionTable option_table();
// As Boost lists them, without its trailing spaces.
std::string option_text(const OptionTable& table);

enum class RestOfWords { Mixed, GuestProgram };

class CommandLine {
public:
    static Result<CommandLine> parse(std::string_view verb, const Words& words,
                                     const OptionTable& table, RestOfWords rest);

    bool given(const char* name) const { return values_.count(name) != 0; }
    std::string one(const char* name, std::string otherwise) const {
        return given(name) ? values_[name].as<std::string>() : otherwise;
    }
    Words all(const char* name) const { return given(name) ? values_[name].as<Words>() : Words{}; }
    Result<std::uint64_t> number(const char* name, std::uint64_t otherwise,
                                 std::uint64_t most = ~std::uint64_t{0}) const;
    // One of `words`, or an error that lists them.
    Result<std::string> choice(const char* name, std::string otherwise, const Words& words) const;
    // "a,b,c"; no empty parts.
    Result<Words> names(const char* name, std::string otherwise) const;
    const Words& rest() const { return rest_; }
    // The options in the order in which they were given, with their values.
    struct Occurrence {
        std::string name, value;
    };
    const std::vector<Occurrence>& order() const { return order_; }

private:
    boost::program_options::variables_map values_;
    std::vector<Occurrence> order_;
    Words rest_;
};

// "KEY=VALUE" at the first '='.
struct KeyValue {
    std::string key, value;
};
Result<KeyValue> parse_key_value(const std::string& word, const char* option, const char* example);

}  // namespace uprobesim
