// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/report_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/report/json_text.h"

namespace uprobesim {
namespace {

constexpr std::string_view kRunSchema = "uprobesim.run/2";
constexpr std::string_view kCompareSchema = "uprobesim.compare/2";
constexpr std::string_view kRemedy = "make it with: uprobesim run -f json -o REPORT.json";
constexpr double kMaxCycles = 7e13;  // below 2^46 a double tells hundredths apart

// A value and its place. The first thing that is wrong is kept, every read after it gives a
// default: a reader is written straight through and asks once at the end.
struct Trouble {
    std::string file;
    std::optional<UserError> first;

    void add(const std::string& place, std::string what) {
        if (!first)
            first = UserError{std::move(what), place.empty() ? file : file + ": " + place,
                              std::string(kRemedy)};
    }
};

class Value {
public:
    Value(const ReportJson* json, std::string place, Trouble& trouble)
        : json_(json), place_(std::move(place)), trouble_(trouble) {}

    Value operator[](const char* key) const {
        const std::string place = place_.empty() ? key : fmt::format("{}.{}", place_, key);
        if (json_ == nullptr) return {nullptr, place, trouble_};
        if (!json_->is_object()) return wrong("is no object");
        const auto found = json_->find(key);
        if (found != json_->end()) return {&*found, place, trouble_};
        trouble_.add(place, "missing");
        return {nullptr, place, trouble_};
    }
    bool has(const char* key) const {
        return json_ != nullptr && json_->is_object() && json_->contains(key);
    }

    template <class Visit>
    void each(Visit visit) const {
        if (json_ == nullptr) return;
        if (!json_->is_array()) {
            wrong("is no list");
            return;
        }
        for (std::size_t i = 0; i < json_->size(); ++i)
            visit(Value(&(*json_)[i], fmt::format("{}[{}]", place_, i), trouble_));
    }
    template <class Visit>
    void each_member(Visit visit) const {
        if (json_ == nullptr) return;
        if (!json_->is_object()) {
            wrong("is no object");
            return;
        }
        for (const auto& [key, value] : json_->items())
            visit(key, Value(&value, fmt::format("{}.{}", place_, printable(key)), trouble_));
    }

    std::string text() const {
        if (json_ != nullptr && json_->is_string()) return json_->get<std::string>();
        wrong("is no text");
        return {};
    }
    std::uint64_t count() const {
        if (json_ != nullptr && json_->is_number_unsigned()) return json_->get<std::uint64_t>();
        wrong("is no count");
        return 0;
    }
    int integer() const {
        if (json_ != nullptr && json_->is_number_integer()) return json_->get<int>();
        wrong("is no whole number");
        return 0;
    }
    double number(double most) const {
        if (json_ != nullptr && json_->is_number()) {
            const double value = json_->get<double>();
            if (value >= 0 && value <= most) return value;
            wrong("is out of range");
            return 0;
        }
        wrong("is no number");
        return 0;
    }
    CentiCycles cycles() const {
        return CentiCycles(static_cast<std::uint64_t>(std::llround(number(kMaxCycles) * 100)));
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> list;
        each([&](const Value& value) { list.push_back(value.text()); });
        return list;
    }
    Value wrong(std::string_view what) const {
        if (json_ != nullptr) trouble_.add(place_, std::string(what));
        return {nullptr, place_, trouble_};
    }

private:
    const ReportJson* json_;  // null after a mistake
    std::string place_;
    Trouble& trouble_;
};

ProfileId read_profile(const Value& value) {
    ProfileId id{value["name"].text(),
                 value["description"].text(),
                 value["hash_fnv1a64"].text(),
                 value["given_as"].text(),
                 {}};
    value["behaviour"].each_member([&](const std::string& key, const Value& text) {
        id.behaviour.push_back({key, text.text()});
    });
    return id;
}

Provenance read_provenance(const Value& value) {
    Provenance p;
    p.version = value["version"].text();
    p.kernel = read_profile(value["kernel"]);
    p.machine = read_profile(value["machine"]);
    p.seed = value["seed"].count();
    p.arguments = value["command"].texts();
    value["programs"].each([&](const Value& row) {
        p.programs.push_back({row["name"].text(), row["command"].texts()});
    });
    p.probes = value["probes"].texts();
    p.settings = value["settings"].texts();
    p.options = value["options"].texts();
    p.program = value["program"]["path"].text();
    p.program_hash = value["program"]["hash_fnv1a64"].text();
    return p;
}

void read_exit(const Value& guest, ExitSummary& exit) {
    const std::string end = guest["end"].text();
    const auto kind = exit_kind_named(end);
    if (!kind) guest["end"].wrong(fmt::format("'{}' is no end of a run", printable(end)));
    exit = {kind.value_or(ExitKind::Exited), guest["status"].integer(), guest["detail"].text()};
}

// What is not among the names was made by another version.
template <class Enum>
std::optional<Enum> known(const Value& value, std::optional<Enum> (*find)(std::string_view name)) {
    const std::string name = value.text();
    const std::optional<Enum> found = find(name);
    if (!found) value.wrong(fmt::format("'{}' is not known to this version", printable(name)));
    return found;
}

// The guest's share is what the others leave of the row.
AccountShares read_accounts(const Value& row, AccountShare whole) {
    AccountShares accounts;
    if (row.has("accounts")) {
        row["accounts"].each_member([&](const std::string& name, const Value& share) {
            const auto account = find_account(name);
            if (!account) {
                share.wrong(fmt::format("'{}' is not known to this version", printable(name)));
                return;
            }
            accounts[static_cast<std::size_t>(*account)] = {
                share["times"].count(), share.has("units") ? share["units"].count() : 0,
                share["cycles"].cycles()};
        });
    }
    for (std::size_t a = 1; a < kAccountCount; ++a) {
        const AccountShare& share = accounts[a];
        if (share.times > whole.times || share.units > whole.units || whole.cycles < share.cycles) {
            row["accounts"].wrong("sum to more than their row");
            return {};
        }
        whole = {whole.times - share.times, whole.units - share.units, whole.cycles - share.cycles};
    }
    accounts[static_cast<std::size_t>(Account::Guest)] = whole;
    return accounts;
}

void read_kernel_work(const Value& kernel, RunReport& report) {
    kernel["exceptions"].each([&](const Value& row) {
        known(row["class"], find_exception_class);
        ExceptionRow e{row["class"].text(), row["times"].count(),
                       row["entry_return_cycles"].cycles()};
        if (row.has("el1_insns")) e.insns = row["el1_insns"].number(1e300);
        e.accounts = read_accounts(row, {e.times, 0, e.cycles});
        report.exceptions.push_back(std::move(e));
    });
    kernel["paths"].each([&](const Value& row) {
        PathRow p;
        p.name = row["path"].text();
        p.times = row["times"].count();
        if (row.has("units")) {
            p.unit = row["unit"].text();
            p.units = row["units"].count();
        }
        p.insns = row["el1_insns"].number(1e300);
        p.cycles = row["cycles"].cycles();
        p.accounts = read_accounts(row, {p.times, p.units, p.cycles});
        if (const auto path = known(row["path"], find_kernel_path)) p.group = work_group(*path);
        report.paths.push_back(std::move(p));
    });
    kernel["syscalls"].each_member([&](const std::string& name, const Value& times) {
        report.syscalls.push_back({name, times.count()});
    });
    std::stable_sort(report.syscalls.begin(), report.syscalls.end(),
                     [](const NamedCount& a, const NamedCount& b) { return a.times > b.times; });
}

void read_contention(const Value& contention, RunReport& report) {
    report.contention = !contention["modelled"].text().empty();
    contention["lines"].each([&](const Value& row) {
        known(row["line"], find_shared_line);
        LineRow line{row["line"].text(), row["objects"].count(), {}, {}};
        line.use.accesses = row["accesses"].count();
        line.use.retries = row["retries"].count();
        line.use.waited = row["waited_cycles"].cycles();
        line.use.queued = row["queued_cycles"].cycles();
        row["transfers"].each_member([&](const std::string& name, const Value& times) {
            const auto* const tier = std::find(kTierNames.begin(), kTierNames.end(), name);
            if (tier == kTierNames.end()) {
                times.wrong(fmt::format("'{}' is not known to this version", printable(name)));
            } else {
                line.use.transfers[static_cast<std::size_t>(tier - kTierNames.begin())] =
                    times.count();
            }
        });
        if (row.has("account_cycles")) {
            row["account_cycles"].each_member([&](const std::string& name, const Value& cycles) {
                if (const auto account = find_account(name))
                    line.accounts[static_cast<std::size_t>(*account)] = cycles.cycles();
            });
        }
        report.lines.push_back(std::move(line));
    });
}

RunReport read_run(const Value& value) {
    RunReport r;
    r.provenance = read_provenance(value["provenance"]);
    read_exit(value["guest"], r.exit);
    r.idle_ns = value["time"]["idle_ns"].count();
    r.cpus = value["time"]["cpus"].count();
    if (r.cpus == 0) value["time"]["cpus"].wrong("is out of range");
    value["time"]["cpu_busy_ns"].each(
        [&](const Value& busy) { r.cpu_busy_ns.push_back(busy.count()); });
    r.elapsed_ns = static_cast<std::uint64_t>(value["time"]["total_ns"].number(1e18));
    r.frequency_hz = value["time"]["frequency_hz"].number(1e12);
    if (r.frequency_hz < 1) value["time"]["frequency_hz"].wrong("is out of range");
    r.user_insns = InsnCount(value["user"]["insns"].count());
    r.user_cycles = value["user"]["cycles"].cycles();
    if (value["user"].has("counter_reads"))
        r.counter_reads = value["user"]["counter_reads"].count();
    read_kernel_work(value["kernel"], r);
    if (value.has("contention")) read_contention(value["contention"], r);
    value["probes"]["by_probe"].each([&](const Value& row) {
        ProbeRow p;
        p.name = row["probe"].text();
        p.hits = row["hits"].count();
        p.stepped = row["stepped"].count();
        p.emulated = row["emulated"].count();
        r.probes.push_back(std::move(p));
    });
    return r;
}

}  // namespace

Result<std::vector<SavedRun>> parse_report(std::string_view text, std::string_view file_name) {
    const auto json = TRY(parse_json(text, file_name, kRemedy));
    Trouble trouble{std::string(file_name), {}};
    const Value root(&json, "", trouble);
    std::vector<SavedRun> runs;
    const std::string schema = root["schema"].text();
    if (schema == kRunSchema) {
        runs.push_back({"", read_run(root)});
    } else if (schema == kCompareSchema) {
        root["runs"].each([&](const Value& run) {
            runs.push_back({run["label"].text(), read_run(run)});
        });
        if (runs.empty()) trouble.add("runs", "is empty");
    } else {
        trouble.add("schema", fmt::format("'{}' is neither {} nor {}", printable(schema),
                                          kRunSchema, kCompareSchema));
    }
    if (trouble.first) return tl::make_unexpected(*trouble.first);
    return runs;
}

Result<std::vector<SavedRun>> read_report_file(const std::string& path) {
    const auto text = TRY(read_text_file(path, {"report", kMaxReportBytes, kRemedy}));
    return parse_report(text, path);
}

}  // namespace uprobesim
