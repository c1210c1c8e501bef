// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/attaching.h"

namespace uprobesim {
namespace {

class Adding {
public:
    Adding(const KernelProfile& kernel, const PriceList& prices)
        : kernel_(kernel), prices_(prices) {}

    void path(KernelPath path, std::uint64_t times, std::uint64_t units = 0) {
        const auto n = static_cast<double>(times);
        work_.el1_insns += prices_.path_insns(path, times, units);
        cycles_ += n * in_cycles(prices_.path(path)) + in_cycles(prices_.path_units(path, units));
    }
    void wait(KernelWait wait, std::uint64_t times) {
        work_.wait_ns += static_cast<double>(times) * kernel_.wait(wait).value * 1e6;
    }
    AttachWork sum() {
        work_.ns = cycles_ / prices_.frequency_hz() * 1e9;
        return work_;
    }

private:
    const KernelProfile& kernel_;
    const PriceList& prices_;
    AttachWork work_;
    double cycles_ = 0;
};

}  // namespace

AttachingEstimate attaching(const Attachment& of, const KernelProfile& kernel,
                            const PriceList& prices) {
    const std::uint64_t further = of.places - of.pages;
    AttachingEstimate estimate{.of = of, .events = {}, .multi = {}, .filtered = {}};
    Adding attach(kernel, prices);
    attach.path(KernelPath::AttachFirst, 1);
    attach.wait(KernelWait::AttachFirst, 1);
    attach.path(KernelPath::AttachEvent, of.events);
    attach.path(KernelPath::AttachPlace, of.pages * of.processes);
    attach.path(KernelPath::AttachPlaceMore, further * of.processes);
    Adding detach(kernel, prices);
    detach.path(KernelPath::DetachEvent, of.events);
    detach.wait(KernelWait::DetachEvent, of.events);
    detach.path(KernelPath::DetachPlace, further * of.processes);
    detach.path(KernelPath::DetachPlaceLast, of.pages * of.processes);
    estimate.events = {attach.sum(), detach.sum()};
    Adding filtered(kernel, prices);
    filtered.path(KernelPath::UprobeMapFiltered, 1, of.places);
    estimate.filtered = filtered.sum();
    if (kernel.uprobe_multi == UprobeMulti::No) return estimate;

    Adding link(kernel, prices);
    link.path(KernelPath::AttachMulti, 1, of.events);
    link.wait(KernelWait::AttachMulti, 1);
    link.path(KernelPath::AttachMultiPlace, of.places * of.processes);
    Adding close(kernel, prices);
    close.path(KernelPath::DetachMulti, 1, of.events);
    close.wait(KernelWait::DetachMulti, 1);
    close.path(KernelPath::DetachMultiPlace, of.places * of.processes);
    estimate.multi = {link.sum(), close.sum()};
    return estimate;
}

}  // namespace uprobesim
