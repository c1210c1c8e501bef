// SPDX-License-Identifier: GPL-2.0-or-later
// Probes come to processes that run already, and go again: uprobe_register and uprobe_unregister
// with their register_for_each_vma. For each event in turn, each mapping of the file in each
// process is visited (build_map_info), and its breakpoint installed or removed there. Whoever does
// it is none of the guest's tasks and has a CPU of its own, so the guest is charged for nothing and
// no time passes; what it takes is added up by kernel path (RegistrationWork).
#include <algorithm>
#include <set>
#include <utility>

#include "probes/hit/probe_state.h"
#include "probes/hit/probed_mappings.h"
#include "probes/hit/semaphores.h"
#include "probes/hit/uprobes.h"
#include "probes/slots/breakpoint.h"

namespace uprobesim {

class Registering {
public:
    explicit Registering(Uprobes& uprobes) : uprobes_(uprobes) {
        std::set<const Mm*> seen;  // a vforked child has its parent's
        for (const auto& [pid, process] : uprobes_.kernel_.processes().all()) {
            if (process->alive && process->mm != nullptr && !process->tasks.empty() &&
                seen.insert(process->mm.get()).second)
                processes_.push_back(process.get());
        }
    }

    RegistrationWork attach() {
        if (uprobes_.uprobes_.empty()) return {};
        work_.spend(KernelPath::AttachFirst);
        for (const auto& uprobe : uprobes_.uprobes_) {
            for (std::uint32_t event = 0; event < uprobe->events; ++event) {
                open_event(KernelPath::AttachEvent);
                const std::uint64_t before = work_.breakpoints;
                std::optional<PlaceMiss> miss;
                visit(*uprobe, may_hold, [&](Process& process, const Vma& vma, VAddr at) {
                    if (!miss) miss = install(process, vma, at, *uprobe);
                });
                if (!miss) continue;
                give_up(*uprobe, *miss);
                work_.breakpoints = before;
            }
        }
        return finish();
    }

    // Closing an event that is not the last of its place removes nothing.
    RegistrationWork detach() {
        for (const auto& uprobe : uprobes_.uprobes_) {
            for (std::uint32_t left = uprobe->events; left-- > 0;) {
                open_event(KernelPath::DetachEvent);
                if (left != 0) continue;
                visit(*uprobe, may_have_held, [&](Process& process, const Vma& vma, VAddr at) {
                    remove(process, vma, at, *uprobe);
                });
            }
        }
        for (Process* process : processes_) {
            if (find_probes(*process) == nullptr) continue;
            ProcessProbes& probes = probes_of(*process);
            probes.cache.fill({});
            probes.delayed.clear();
        }
        return finish();
    }

private:
    void open_event(KernelPath path) {
        work_.spend(path);
        ++work_.events;
    }

    // Each mapping of the file with the probed place in it. A visit may change page tables, but no
    // mappings.
    template <class Function>
    void visit(const Uprobe& uprobe, bool (*fits)(const Vma&), Function&& function) {
        for (Process* process : processes_) {
            for (const auto& [begin, vma] : process->mm->vmas()) {
                if (!fits(vma) || vma.file->key() != uprobe.file ||
                    uprobe.offset < vma.file_offset ||
                    uprobe.offset - vma.file_offset >= vma.range.size())
                    continue;
                with_places_.insert(process->pid);
                mappings_.emplace(process->pid, begin);
                function(*process, vma, begin + (uprobe.offset - vma.file_offset));
            }
        }
    }

    // uprobe_register fails with what the first mapping that fails gives, and removes what was
    // placed before; perf_event_open returns that. The place is nobody's then: all of its events
    // would fail alike.
    void give_up(Uprobe& uprobe, PlaceMiss miss) {
        ++uprobe.not_placed[static_cast<std::size_t>(miss)];
        work_.failed.push_back({uprobe.id, miss});
        visit(uprobe, may_have_held, [&](Process& process, const Vma& vma, VAddr at) {
            remove(process, vma, at, uprobe);
        });
        uprobe.events = 0;
        uprobes_.by_file_[uprobe.file].erase(uprobe.offset);
    }

    // install_breakpoint
    std::optional<PlaceMiss> install(Process& process, const Vma& vma, VAddr at, Uprobe& uprobe) {
        if (const auto miss = uprobes_.prepare(uprobe, vma)) return miss;
        Mm& mm = *process.mm;
        ProcessProbes& probes = probes_of(process);
        if (has_breakpoint(mm, at)) {
            work_.spend(KernelPath::UprobePlaceAgain);
            return std::nullopt;
        }
        read_in(mm, at);
        const bool first = !mm.has_own_page(at);
        if (!mm.poke_text(at, kUprobeBrk, TaskId{})) return why_not(vma, uprobe);
        if (vma.prot.exec) {
            work_.spend(first ? KernelPath::AttachPlace : KernelPath::AttachPlaceMore);
        } else {
            work_.spend(KernelPath::UprobePlaceRead);
            probes.not_synchronised.insert(at.page().value);
        }
        probes.has_uprobes = true;
        pages_.emplace(process.pid, at.page());
        ++work_.breakpoints;
        ++uprobe.placed;
        if (uprobe.semaphore) count_up(process, uprobe);
        return std::nullopt;
    }

    // get_user_pages: the page and those around it.
    void read_in(Mm& mm, VAddr at) {
        if (mm.space().lookup(at)) return;
        const std::uint64_t before = mm.resident_pages();
        mm.populate({at.page(), at.page() + kPageSize}, Access::Read, std::nullopt);
        const std::uint64_t got = mm.resident_pages() - before;
        if (got == 0) return;
        work_.spend(KernelPath::FaultFileRead, 1, got - 1);
        ++work_.read_in;
    }

    void count_up(Process& process, const Uprobe& uprobe) {
        if (const auto vma = semaphore_mapping(*process.mm, uprobe)) {
            add_to_semaphore(*process.mm, *vma, uprobe, 1);
            return;
        }
        auto& delayed = probes_of(process).delayed;
        if (std::find(delayed.begin(), delayed.end(), &uprobe) == delayed.end())
            delayed.push_back(&uprobe);
    }

    // remove_breakpoint: the instruction is stored again, and where the page is then what it is in
    // the file, the file's page takes the copy's place, at the next access.
    void remove(Process& process, const Vma& vma, VAddr at, const Uprobe& uprobe) {
        Mm& mm = *process.mm;
        if (!has_breakpoint(mm, at) || !mm.poke_text(at, uprobe.word, TaskId{})) return;
        const VRange page{at.page(), at.page() + kPageSize};
        const bool last = same_as_file(mm, vma, at.page());
        if (last) {
            static_cast<void>(mm.discard(page));
            probes_of(process).not_synchronised.erase(page.begin.value);
        }
        work_.spend(last ? KernelPath::DetachPlaceLast : KernelPath::DetachPlace);
        pages_.emplace(process.pid, page.begin);
        ++work_.breakpoints;
        if (!uprobe.semaphore) return;
        if (const auto data = semaphore_mapping(mm, uprobe))
            add_to_semaphore(mm, *data, uprobe, -1);
    }

    static bool same_as_file(Mm& mm, const Vma& vma, VAddr page) {
        const auto cached = vma.file->page(vma.offset_of(page) / kPageSize);
        const auto here = mm.space().lookup(page);
        if (!cached || !here) return false;
        PhysicalMemory& memory = mm.space().memory();
        return std::ranges::equal(memory.bytes(*cached), memory.bytes(here->frame));
    }

    // A semaphore's page that is not there yet is copied for whoever registers.
    void add_to_semaphore(Mm& mm, const Vma& vma, const Uprobe& uprobe, int difference) {
        if (change_semaphore(mm, vma, uprobe, difference)) return;
        const VAddr page = semaphore_address(vma, uprobe).page();
        if (mm.populate({page, page + kPageSize}, Access::Write, std::nullopt) == 0) return;
        work_.spend(KernelPath::FaultFileCow);
        static_cast<void>(change_semaphore(mm, vma, uprobe, difference));
    }

    RegistrationWork finish() {
        work_.processes = with_places_.size();
        work_.mappings = mappings_.size();
        work_.pages = pages_.size();
        return std::move(work_);
    }

    Uprobes& uprobes_;
    std::vector<Process*> processes_;  // one for each memory, by pid
    RegistrationWork work_;
    std::set<std::int32_t> with_places_;
    std::set<std::pair<std::int32_t, VAddr>> mappings_, pages_;
};

RegistrationWork Uprobes::attach() {
    check_invariant(!registered_, "probes are registered twice");
    registered_ = true;
    return Registering(*this).attach();
}

RegistrationWork Uprobes::detach() {
    check_invariant(registered_, "probes are taken away that are not there");
    RegistrationWork work = Registering(*this).detach();
    registered_ = false;
    return work;
}

}  // namespace uprobesim
