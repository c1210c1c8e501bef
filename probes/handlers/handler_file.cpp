// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/handler_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "probes/handlers/program_parts.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"

namespace uprobesim {
namespace {

constexpr Limits kInsnCounts = {.min = 0, .max = 1e6, .whole = true};
constexpr Limits kSizes = {.min = 0, .max = 1 << 20, .whole = true};
constexpr Limits kTimes = {.min = 1, .max = 1000, .whole = true};
constexpr Limits kRegisters = {.min = 0, .max = 4, .whole = true};

struct LinkWord {
    std::string_view word;
    ConsumerLink link;
};
constexpr std::array<LinkWord, 4> kLinks = {{{"", ConsumerLink::Event},
                                             {"event", ConsumerLink::Event},
                                             {"uprobe-multi", ConsumerLink::UprobeMulti},
                                             {"uprobe-session", ConsumerLink::UprobeSession}}};

struct ArgumentRule {
    std::string name;  // empty: it takes none
    std::uint64_t least = 0, most = 0;
    std::optional<std::uint64_t> otherwise;
};

class FileReader {
public:
    FileReader(const DataFile& file, std::string_view word)
        : reader_({}, kHandlerWhat, file, {}), word_(word) {}

    bool ok() const { return reader_.ok(); }
    const UserError& error() const { return reader_.error(); }

    HandlerSynopsis form(std::string_view name) {
        HandlerSynopsis form;
        form.meaning = reader_.string(reader_.root(), "description", "");
        const ArgumentRule rule = argument_rule();
        form.form = rule.name.empty() ? std::string(name)
                    : rule.otherwise  ? fmt::format("{}[:{}]", name, rule.name)
                                      : fmt::format("{}:{}", name, rule.name);
        return form;
    }

    Result<ProbeHandler> handler(std::optional<std::uint64_t> given) {
        const toml::table& root = reader_.root();
        std::vector<std::string> keys = kProgramKeys;
        keys.insert(keys.end(), {"name", "description", "source", "confidence", "argument",
                                 "consumer", "link", "entry"});
        reader_.only(root, "", keys);
        ProbeHandler handler;
        handler.name = word_;
        handler.meaning = reader_.string(root, "description", "");
        // What is taken of a profile needs none.
        if (root.contains("source") || root.contains("insns")) {
            handler.source = reader_.source(root, "");
            reader_.confidence(root, "");
        }
        const ArgumentRule rule = argument_rule();
        if (!reader_.ok()) return tl::make_unexpected(reader_.error());
        argument_ = TRY(argument(rule, given));
        handler.runs = consumer_runs();
        handler.link = link();
        handler.parts = program(root, "");
        if (root.contains("entry")) {
            const toml::table& entry = reader_.table(root, "entry", "");
            reader_.only(entry, "entry", kProgramKeys);
            handler.at_entry = program(entry, "entry");
        } else if (handler.link == ConsumerLink::UprobeSession) {
            handler.at_entry = handler.parts;
        }
        if (!reader_.ok()) return tl::make_unexpected(reader_.error());
        return handler;
    }

private:
    inline static const std::vector<std::string> kProgramKeys = {
        "insns", "insns-per-argument", "stack", "saved-registers", "calls"};

    ArgumentRule argument_rule() {
        const toml::table& root = reader_.root();
        ArgumentRule rule;
        if (!root.contains("argument")) return rule;
        const toml::table& row = reader_.table(root, "argument", "");
        reader_.only(row, "argument", {"name", "min", "max", "default"});
        rule.name = reader_.string(row, "name", "argument");
        rule.least = whole(reader_.number(row, "min", "argument", kSizes));
        rule.most = whole(reader_.number(row, "max", "argument", kSizes));
        if (row.contains("default"))
            rule.otherwise = whole(reader_.number(row, "default", "argument", kSizes));
        return rule;
    }

    Result<std::uint64_t> argument(const ArgumentRule& rule,
                                   std::optional<std::uint64_t> given) const {
        const std::string name = word_.substr(0, word_.find(':'));
        if (rule.name.empty()) {
            if (given)
                return user_error(fmt::format("'{}' takes no argument", name), "",
                                  fmt::format("write {}", name));
            return 0;
        }
        if (!given && !rule.otherwise)
            return user_error(fmt::format("'{}' needs {}", name, rule.name), "",
                              fmt::format("write {}:{}", name, rule.name));
        const std::uint64_t value = given ? *given : *rule.otherwise;
        if (value < rule.least || value > rule.most)
            return user_error(fmt::format("{} of '{}' is {}", rule.name, name, value), "",
                              fmt::format("it must be from {} to {}", rule.least, rule.most));
        return value;
    }

    bool consumer_runs() {
        const std::string word = reader_.optional_string(reader_.root(), "consumer", "");
        if (!word.empty() && word != "none")
            reader_.fail(reader_.root().get("consumer"), fmt::format("'consumer' is '{}'", word),
                         "none, or leave it out: it runs on a perf event");
        return word.empty();
    }

    ConsumerLink link() {
        const std::string word = reader_.optional_string(reader_.root(), "link", "");
        const auto* found = std::find_if(kLinks.begin(), kLinks.end(),
                                         [&](const LinkWord& w) { return w.word == word; });
        if (found != kLinks.end()) return found->link;
        reader_.fail(reader_.root().get("link"), fmt::format("'link' is '{}'", word),
                     "event, uprobe-multi or uprobe-session");
        return ConsumerLink::Event;
    }

    std::vector<HandlerPart> program(const toml::table& table, std::string_view path) {
        ProgramParts parts;
        const double insns =
            reader_.optional_number(table, "insns", path, kInsnCounts) +
            static_cast<double>(argument_) *
                reader_.optional_number(table, "insns-per-argument", path, kInsnCounts);
        parts.insns(whole(insns));
        const auto saved =
            whole(reader_.optional_number(table, "saved-registers", path, kRegisters));
        if (toml_flag(reader_, table, "stack", path, false)) parts.stack(saved);
        const toml::node* calls = table.get("calls");
        if (calls == nullptr) return std::move(parts).list();
        const toml::array* rows = calls->as_array();
        if (rows == nullptr) {
            reader_.fail(calls, fmt::format("'{}' is not a list", key_path(path, "calls")),
                         "as in calls = [{ call = \"hash.lookup\", size = 8 }]");
            return {};
        }
        for (std::size_t i = 0; i < rows->size() && reader_.ok(); ++i)
            add_call(parts, *rows->get(i), fmt::format("{}[{}]", key_path(path, "calls"), i));
        return std::move(parts).list();
    }

    void add_call(ProgramParts& parts, const toml::node& node, const std::string& path) {
        const toml::table* row = node.as_table();
        if (row == nullptr)
            return reader_.fail(&node, fmt::format("'{}' is not a table", path),
                                "as in { call = \"hash.lookup\", size = 8 }");
        reader_.only(*row, path, {"call", "size", "size-per-argument", "times"});
        const std::string name = reader_.string(*row, "call", path);
        const double size = reader_.optional_number(*row, "size", path, kSizes) +
                            static_cast<double>(argument_) *
                                reader_.optional_number(*row, "size-per-argument", path, kSizes);
        const std::uint64_t times =
            row->contains("times") ? whole(reader_.number(*row, "times", path, kTimes)) : 1;
        if (!reader_.ok()) return;
        const auto call = find_handler_call(name);
        if (!call)
            return reader_.fail(row->get("call"), fmt::format("there is no call '{}'", name),
                                near_names(name, handler_call_names()));
        const bool sized = row->contains("size") || row->contains("size-per-argument");
        if (sized != call->takes_size())
            return reader_.fail(
                row, fmt::format("'{}' {} a size", name, sized ? "has no use for" : "needs"),
                sized ? "leave it out" : fmt::format("add size = <{}>", call->size_meaning()));
        for (std::uint64_t i = 0; i < times; ++i) parts.call(*call, whole(size));
    }

    static std::uint64_t whole(double value) { return static_cast<std::uint64_t>(value); }

    TomlReader reader_;
    std::string word_;
    std::uint64_t argument_ = 0;
};

}  // namespace

Result<ProbeHandler> read_handler(const DataFile& file, std::string_view word,
                                  std::optional<std::uint64_t> argument) {
    FileReader reader(file, word);
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return reader.handler(argument);
}

Result<HandlerSynopsis> handler_form(const DataFile& file, std::string_view name) {
    FileReader reader(file, name);
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    HandlerSynopsis form = reader.form(name);
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return form;
}

}  // namespace uprobesim
