// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/attach_control.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "sim/base/text.h"
#include "sim/profile/kernel_profile.h"
#include "tools/format/number_text.h"
#include "tools/report/count_window.h"

namespace uprobesim {
namespace {

using PointKind = AttachPoint::Kind;

constexpr std::uint64_t kAtEntry = 9;  // AT_ENTRY

bool is_call(std::uint32_t word) {
    return (word & 0xfc000000u) == 0x94000000u;  // bl
}

// The call of __libc_start_main that the C library's start-up code makes, with main in x0: the
// first call after the program's entry.
std::optional<VAddr> start_up_call(const Process& process) {
    constexpr std::uint64_t kMostWords = 32;
    std::uint64_t entry = 0;
    for (std::size_t i = 0; i + 1 < process.auxv.size(); i += 2) {
        if (process.auxv[i] == kAtEntry) entry = process.auxv[i + 1];
    }
    const Vma* vma = process.mm->find(VAddr(entry));
    if (vma == nullptr || !vma->file) return std::nullopt;
    for (VAddr at(entry); at < VAddr(entry) + 4 * kMostWords && at < vma->range.end; at = at + 4) {
        const std::uint64_t offset = vma->offset_of(at);
        const auto frame = vma->file->page(offset / kPageSize);
        if (!frame || offset + 4 > vma->file->size()) break;
        std::uint32_t word = 0;
        std::memcpy(&word, process.mm->space().memory().bytes(*frame).data() + offset % kPageSize,
                    4);
        if (is_call(word)) return at;
    }
    return std::nullopt;
}

// Of --attach-at or --detach-at, as the user gave it.
std::string option_text(const AttachPlan& plan, const AttachPoint& point) {
    return fmt::format("{} {}", &point == &plan.at ? "--attach-at" : "--detach-at",
                       printable(point.text));
}

}  // namespace

Outcome AttachControl::begin() {
    if (plan_.at.kind == PointKind::Start) {
        stage_ = Stage::Attached;
    } else {
        uprobes_.wait_for_attach();
    }
    for (const AttachPoint* point : {&plan_.at, &plan_.until}) {
        if (point->kind != PointKind::Hit) continue;
        const auto place = uprobes_.place_of(*point->place);
        if (!place) {
            UserError error = place.error();
            error.where = option_text(plan_, *point);
            return tl::make_unexpected(std::move(error));
        }
        watched_[point] = places_.add(place->file, place->offset, point->count);
    }
    if (!watched_.empty() || watches(PointKind::Main)) {
        uprobes_.watch_places(&places_);
        run_loop_.ask_at_places([this](Task& task, VAddr pc) { return places_.come(task, pc); });
    }
    arm();
    return {};
}

Outcome AttachControl::main_loaded(const Process& process) {
    if (!watches(PointKind::Main)) return {};
    const auto call = start_up_call(process);
    if (!call)
        return user_error(
            "the program's main() cannot be found",
            option_text(plan_, plan_.at.kind == PointKind::Main ? plan_.at : plan_.until),
            "name a place in it: hit:uprobe:BINARY:FUNCTION:1");
    const std::int32_t pid = process.pid;
    places_.add(pid, *call, [this, pid](Task& task) {
        if (main_place_) return;
        const VAddr main(kernel_.machine().cpu->read(task.context, Reg::X0));
        main_place_ = places_.add(pid, main);
    });
    return {};
}

void AttachControl::ready(const std::string& program) {
    const AttachPoint* point = next();
    if (point != nullptr && point->kind == PointKind::Ready && point->program == program) reach();
}

void AttachControl::all_ready() {
    const AttachPoint* point = next();
    if (point != nullptr && point->kind == PointKind::Ready && point->program.empty()) reach();
}

const AttachPoint* AttachControl::next() const {
    switch (stage_) {
        case Stage::Waiting: return &plan_.at;
        case Stage::Attached: return plan_.until.kind == PointKind::End ? nullptr : &plan_.until;
        case Stage::Detached: break;
    }
    return nullptr;
}

std::optional<std::uint64_t> AttachControl::time_of(const AttachPoint& point) const {
    if (point.kind == PointKind::Time) return point.ns;
    if (point.kind == PointKind::After) return attached_ns_ + point.ns;
    return std::nullopt;
}

void AttachControl::arm() {
    const AttachPoint* point = next();
    run_loop_.pause_at(point == nullptr ? 0 : time_of(*point).value_or(0));
}

bool AttachControl::is_reached(const AttachPoint& point) const {
    if (const auto ns = time_of(point)) return kernel_.clock().monotonic_ns() >= *ns;
    if (point.kind == PointKind::Main) return main_place_ && places_.reached(*main_place_);
    if (point.kind == PointKind::Hit) return places_.reached(watched_.at(&point));
    return false;
}

void AttachControl::look() {
    for (const AttachPoint* point = next(); point != nullptr && is_reached(*point); point = next())
        reach();
}

void AttachControl::reach() {
    const AttachPoint& point = *next();
    const bool attaches = stage_ == Stage::Waiting;
    if (attaches && before_attaching_) before_attaching_();
    const RegistrationWork work = attaches ? uprobes_.attach() : uprobes_.detach();
    (attaches ? attach_ : detach_) = row(point, work);
    stage_ = attaches ? Stage::Attached : Stage::Detached;
    if (attaches) attached_ns_ = kernel_.clock().monotonic_ns();
    if (plan_.roi == Roi::Attach)
        (attaches ? before_ : after_) = counts([](std::int32_t) { return std::string(); });
    if (next() == nullptr) {
        uprobes_.watch_places(nullptr);
        places_.stop();
    }
    arm();
}

RunReport AttachControl::counts(const ProgramNames& names) const {
    RunReport report;
    take_counts(kernel_, uprobes_, names, report);
    return report;
}

RegistrationRow AttachControl::row(const AttachPoint& point, const RegistrationWork& work) const {
    const Machine& machine = kernel_.machine();
    std::vector<PathUseCount> uses;
    for (const auto& [path, count] : work.paths) uses.push_back({path, count.times, count.units});
    const auto waited = [&](KernelPath path, KernelWait wait) {
        const auto found = work.paths.find(path);
        if (found == work.paths.end()) return 0.0;
        return static_cast<double>(found->second.times) * machine.kernel_profile.wait(wait).value *
               1e6;
    };
    RegistrationRow row;
    row.point = point.text;
    row.at_ns = kernel_.clock().monotonic_ns();
    row.events = work.events;
    row.processes = work.processes;
    row.mappings = work.mappings;
    row.pages = work.pages;
    row.read_in = work.read_in;
    row.breakpoints = work.breakpoints;
    row.paths = path_rows(machine.prices, uses);
    for (const RegistrationWork::Failed& failed : work.failed) {
        const PlaceMissInfo& why = kPlaceMisses[static_cast<std::size_t>(failed.why)];
        row.failed.push_back({probe_name(*uprobes_.uprobes()[failed.uprobe]), std::string(why.word),
                              std::string(why.meaning)});
    }
    row.wait_ns = waited(KernelPath::AttachFirst, KernelWait::AttachFirst) +
                  waited(KernelPath::DetachEvent, KernelWait::DetachEvent);
    return row;
}

RegistrationRow AttachControl::missed(const AttachPoint& point) const {
    RegistrationRow row;
    row.point = point.text;
    if (point.kind == PointKind::Hit) {
        row.not_reached =
            fmt::format("it was executed {}", counted(places_.times(watched_.at(&point)), "time"));
    } else {
        row.not_reached =
            fmt::format("the run ended at {}",
                        duration_text(static_cast<double>(kernel_.clock().monotonic_ns())));
    }
    return row;
}

void AttachControl::finish(const ProgramNames& names, RunReport& report) {
    take_counts(kernel_, uprobes_, names, report);
    if (!plan_.given()) return;
    AttachReport& attachment = report.attachment.emplace();
    attachment.roi = plan_.roi == Roi::Attach;
    if (attach_) {
        attachment.attach = *attach_;
    } else if (plan_.at.kind == PointKind::Start) {
        attachment.attach.point = "start";
        attachment.attach.at_ns = 0;
    } else {
        attachment.attach = missed(plan_.at);
    }
    if (plan_.until.kind != PointKind::End)
        attachment.detach = detach_ ? *detach_ : missed(plan_.until);
    for (const auto& uprobe : uprobes_.uprobes()) attachment.late_returns += uprobe->late_returns;
    if (!attachment.roi) return;
    const RunReport whole = report;
    // What was never reached has counted nothing.
    if (stage_ == Stage::Waiting) return count_only(report, whole, whole, kernel_.machine().prices);
    count_only(report, before_ ? *before_ : RunReport{}, after_ ? *after_ : whole,
               kernel_.machine().prices);
}

}  // namespace uprobesim
