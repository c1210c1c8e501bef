// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpf_helpers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/profile/data_files.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"

namespace uprobesim {
namespace {

using Work = BpfHelper::Work;

constexpr Limits kNumbers = {.min = 0, .max = 1e6, .whole = true};

struct WorkWord {
    std::string_view word;
    Work work;
};
constexpr std::array<WorkWord, 12> kWorkWords = {{{"", Work::Unknown},
                                                  {"call", Work::Call},
                                                  {"lookup", Work::Lookup},
                                                  {"update", Work::Update},
                                                  {"delete", Work::Delete},
                                                  {"text", Work::Text},
                                                  {"stack", Work::Stack},
                                                  {"perf-output", Work::PerfOutput},
                                                  {"ringbuf", Work::Ringbuf},
                                                  {"printk", Work::Printk},
                                                  {"tail-call", Work::TailCall},
                                                  {"loop", Work::Loop}}};

class TableReader {
public:
    explicit TableReader(const DataFile& file) : reader_({}, "BPF table", file, {}) {}

    BpfTables read() {
        BpfTables tables;
        const toml::table& root = reader_.root();
        reader_.only(root, "", {"source", "maps", "helpers", "kfuncs"});
        tables.source = reader_.source(root, "");
        each(root, "maps", [&](const std::string& name, const toml::table& row) {
            reader_.only(row, name, {"type", "calls", "found", "missing", "unmeasured"});
            tables.map_kinds[static_cast<std::uint32_t>(number(row, "type", name))] = {
                name, reader_.optional_string(row, "calls", name), number(row, "found", name),
                number(row, "missing", name), toml_flag(reader_, row, "unmeasured", name, false)};
        });
        each(root, "kfuncs", [&](const std::string& name, const toml::table& row) {
            reader_.only(row, name, {"inlined"});
            tables.inlined_kfuncs[name] = number(row, "inlined", name);
        });
        each(root, "helpers", [&](const std::string& name, const toml::table& row) {
            reader_.only(row, name,
                         {"id", "work", "call", "map", "size", "flags", "bytes-per-unit"});
            BpfHelper helper{
                .name = name,
                .work = work_of(row, name),
                .call = call_of(row, name),
                .map = static_cast<unsigned>(number(row, "map", name)),
                .size = static_cast<unsigned>(number(row, "size", name)),
                .flags = static_cast<unsigned>(number(row, "flags", name)),
                .bytes_per_unit = std::max<std::uint64_t>(1, number(row, "bytes-per-unit", name))};
            tables.helpers[static_cast<std::int32_t>(number(row, "id", name))] = std::move(helper);
        });
        if (!reader_.ok()) fail_invariant(reader_.error().line());
        return tables;
    }

private:
    std::uint64_t number(const toml::table& row, std::string_view key, const std::string& path) {
        return static_cast<std::uint64_t>(reader_.optional_number(row, key, path, kNumbers));
    }

    Work work_of(const toml::table& row, const std::string& path) {
        const std::string word = reader_.optional_string(row, "work", path);
        const auto* found = std::find_if(kWorkWords.begin(), kWorkWords.end(),
                                         [&](const WorkWord& w) { return w.word == word; });
        if (found != kWorkWords.end()) return found->work;
        reader_.fail(row.get("work"), fmt::format("there is no work '{}'", word));
        return Work::Unknown;
    }

    std::optional<HandlerCall> call_of(const toml::table& row, const std::string& path) {
        const std::string name = reader_.optional_string(row, "call", path);
        if (name.empty()) return std::nullopt;
        const auto call = find_handler_call(name);
        if (!call) reader_.fail(row.get("call"), fmt::format("there is no call '{}'", name));
        return call;
    }

    template <class Use>
    void each(const toml::table& root, std::string_view key, Use use) {
        const toml::table& rows = reader_.table(root, key, "");
        for (auto&& [name, node] : rows) {
            const std::string row(name.str());
            use(row, reader_.table(rows, row, key));
        }
    }

    TomlReader reader_;
};

}  // namespace

BpfTables bpf_tables() {
    const auto file = find_data_file("bpf", "BPF table", "helpers");
    check_invariant(file.has_value(), "the table of BPF helpers is built in");
    return TableReader(*file).read();
}

}  // namespace uprobesim
