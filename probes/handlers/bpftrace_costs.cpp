// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpftrace_costs.h"

#include <fmt/format.h>

#include "sim/profile/data_files.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {
namespace {

constexpr Limits kCounts = {.min = 0, .max = 1e4, .whole = true};
constexpr std::uint64_t kWord = 8;

class CostReader {
public:
    explicit CostReader(const DataFile& file) : reader_({}, "bpftrace table", file, {}) {}

    BpftraceCosts read() {
        BpftraceCosts costs;
        const toml::table& root = reader_.root();
        reader_.only(root, "", {"source", "confidence", "statements", "aggregations", "words"});
        costs.source = reader_.source(root, "");
        reader_.confidence(root, "");
        const toml::table& s = reader_.table(root, "statements", "");
        const auto insns = [&](std::string_view key) { return count(s, key, "statements"); };
        costs.statements = {insns("filter"),       insns("assign"),   insns("increment"),
                            insns("read-map"),     insns("delete"),   insns("printf"),
                            insns("printf-value"), insns("string"),   insns("stack"),
                            insns("dereference"),  insns("operator"), insns("value")};
        each(root, "aggregations", [&](const std::string& name, const toml::table& row) {
            costs.aggregations[name] = {count(row, "insns", name), count(row, "maps", name)};
        });
        each(root, "words", [&](const std::string& name, const toml::table& row) {
            costs.words[name] = {count(row, "insns", name),
                                 row.contains("size") ? count(row, "size", name) : kWord,
                                 call_of(row, name)};
        });
        if (!reader_.ok()) fail_invariant(reader_.error().line());
        return costs;
    }

private:
    std::uint64_t count(const toml::table& row, std::string_view key, std::string_view path) {
        return static_cast<std::uint64_t>(reader_.number(row, key, path, kCounts));
    }

    std::optional<HandlerCall> call_of(const toml::table& row, const std::string& path) {
        if (!row.contains("call")) return std::nullopt;
        const std::string name = reader_.string(row, "call", path);
        const auto call = find_handler_call(name);
        if (!call && reader_.ok())
            reader_.fail(row.get("call"), fmt::format("there is no call '{}'", name));
        return call;
    }

    template <class Use>
    void each(const toml::table& root, std::string_view key, Use use) {
        for (auto&& [name, node] : reader_.table(root, key, "")) {
            const std::string row(name.str());
            use(row, reader_.table(reader_.table(root, key, ""), row, key));
        }
    }

    TomlReader reader_;
};

}  // namespace

BpftraceCosts bpftrace_costs() {
    constexpr std::string_view kFolder = "bpftrace";
    const auto names = builtin_names(kFolder);
    check_invariant(!names.empty(), "a table for bpftrace is built in");
    const auto file = find_data_file(kFolder, "bpftrace table", names.back());
    check_invariant(file.has_value(), "a name that is listed is there");
    return CostReader(*file).read();
}

}  // namespace uprobesim
