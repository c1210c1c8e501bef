// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/editor_check.h"

#include <cstring>
#include <string_view>
#include <vector>

#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kMostTemps = 512;  // TCG_MAX_TEMPS

template <class T>
T read_or_zero(const void* base, std::size_t offset) {
    T value{};
    if (!safe_read(static_cast<const std::byte*>(base) + offset, &value, sizeof value)) return T{};
    return value;
}

bool is_named(const TcgTemp& temp, std::string_view name) {
    std::vector<char> text(name.size() + 1);
    return temp.name != nullptr && safe_read(temp.name, text.data(), text.size()) &&
           std::memcmp(text.data(), name.data(), name.size()) == 0 && text.back() == '\0';
}

}  // namespace

std::string check_layout(const EngineLayout& layout, const uc_engine* uc, const std::byte* env,
                         EngineParts& parts) {
    parts.cpu = read_or_zero<void*>(uc, layout.uc_cpu);
    if (parts.cpu == nullptr || read_or_zero<const std::byte*>(parts.cpu, layout.cpu_env) != env)
        return "the CPU is not where this build has it";
    parts.context = read_or_zero<TcgContext*>(uc, layout.uc_tcg);
    std::vector<std::byte> context(layout.tcg_size);
    if (parts.context == nullptr || !safe_read(parts.context, context.data(), context.size()) ||
        read_at<const uc_engine*>(context.data(), layout.tcg_uc) != uc)
        return "the code generator is not where this build has it";

    const auto globals = read_at<std::uint32_t>(context.data(), layout.tcg_nb_globals);
    const auto temps = read_at<std::uint32_t>(context.data(), layout.tcg_nb_temps);
    const auto env_temp = read_at<std::uint64_t>(context.data(), layout.tcg_env);
    if (globals == 0 || globals > temps || temps > kMostTemps)
        return "the code generator's temporaries are not counted where this build has them";
    bool env_found = false, pc_found = false;
    for (std::uint32_t i = 0; i < globals; ++i) {
        const std::size_t at = layout.tcg_temps + sizeof(TcgTemp) * i;
        const auto temp = read_at<TcgTemp>(context.data(), at);
        env_found = env_found || (at == env_temp && is_named(temp, "env"));
        pc_found = pc_found || (temp.offset == static_cast<std::int64_t>(layout.env_pc) &&
                                is_named(temp, "pc"));
    }
    if (!env_found || !pc_found)
        return "the code generator's registers are not those of this build";
    return "";
}

}  // namespace uprobesim
