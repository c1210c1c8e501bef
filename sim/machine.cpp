// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/machine.h"

#include "sim/cost/cache_type.h"

namespace uprobesim {

namespace {
UnicornOptions for_machine(UnicornOptions options, const MachineProfile& machine) {
    options.isa = machine.isa.features;
    options.ctr_el0 =
        machine.dic_hidden.value != 0 ? std::nullopt : std::optional(cache_type(machine));
    return options;
}

// What signs the return address cannot be skipped as a hint.
KernelProfile for_machine(KernelProfile kernel, const MachineProfile& machine) {
    if (machine.isa.has(IsaFeature::Pac)) kernel.emulate_also.remove(AlsoEmulated::Paciasp);
    return kernel;
}
}  // namespace

Machine::Machine(MachineProfile machine, KernelProfile kernel, std::uint64_t memory_limit_bytes,
                 std::uint64_t seed, std::unique_ptr<BlockModel> core_model,
                 const UnicornOptions& engine)
    : profile(std::move(machine)),
      kernel_profile(for_machine(std::move(kernel), profile)),
      prices(profile, kernel_profile),
      ledger(prices),
      memory(memory_limit_bytes),
      core(std::move(core_model)),
      cpu(make_unicorn_cpu(memory, *core, for_machine(engine, profile))),
      entropy(seed) {}

void Machine::become(MachineProfile machine, KernelProfile kernel) {
    profile = std::move(machine);
    kernel_profile = for_machine(std::move(kernel), profile);
    prices = PriceList(profile, kernel_profile);  // the ledger's, too
}

}  // namespace uprobesim
