// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/sched_parameters.h"

#include <string>

#include "kernel_model/abi/clock.h"

namespace uprobesim {
namespace {

constexpr std::string_view kSlice = "kernel/sched_rr_timeslice_ms",
                           kPeriod = "kernel/sched_rt_period_us",
                           kRuntime = "kernel/sched_rt_runtime_us";
constexpr std::int64_t kUsualSliceMs = 100;  // RR_TIMESLICE

// sched_rr_handler: in whole ticks; what is not positive stands for the usual one.
tl::expected<void, Errno> change_slice(Scheduler& scheduler, std::string& value) {
    std::int64_t ms = std::stoll(value);
    if (ms <= 0) {
        ms = kUsualSliceMs;
        value = std::to_string(ms);
    }
    constexpr std::uint64_t kNsPerMs = 1'000'000;
    scheduler.set_rr_slice((static_cast<std::uint64_t>(ms) * kNsPerMs + abi::kTickNs - 1) /
                           abi::kTickNs * abi::kTickNs);
    return {};
}

// sched_rt_global_validate. The fair server's share does not follow from them (since 6.12).
tl::expected<void, Errno> check_share(std::int64_t period, std::int64_t runtime) {
    return runtime > period ? tl::make_unexpected(Errno::Inval) : tl::expected<void, Errno>();
}

}  // namespace

void connect_parameters(Sysctls& sysctls, Scheduler& scheduler) {
    sysctls.on_write(kSlice,
                     [&scheduler](std::string& value) { return change_slice(scheduler, value); });
    sysctls.on_write(kPeriod, [&sysctls](const std::string& value) {
        return check_share(std::stoll(value), sysctls.number(kRuntime));
    });
    sysctls.on_write(kRuntime, [&sysctls](const std::string& value) {
        return check_share(sysctls.number(kPeriod), std::stoll(value));
    });
}

}  // namespace uprobesim
