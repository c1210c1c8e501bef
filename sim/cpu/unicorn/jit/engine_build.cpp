// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/engine_build.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>
#include <unicorn/unicorn.h>

#include <type_traits>

namespace uprobesim {

namespace {

// Offsets as in the machine code of the functions named.
constexpr EngineBuild kBuilds[] = {
    // Debian 12, libunicorn2 2.0.1.post1-1+b1, amd64
    {"f439d3d09a3fefbcc7d4014bd3f67c12d55957e6",
     {.uc_cpu = 384,             // uc_emu_start
      .uc_tcg = 704,             // tb_gen_code
      .uc_target_bits = 624,     // set_preferred_target_page_bits
      .cpu_env = 296,            // arm64_reg_read
      .env_pc = 320,             // cpu_get_tb_cpu_state
      .env_flags = 336,          // cpu_get_tb_cpu_state
      .env_exclusive = 12032,    // a64_translate_init: the global exclusive_addr
      .env_to_tlb = 208,         // generated code
      .env_to_tlb_desc = 5488,   // tlb_init
      .tlb_desc_io = 432,        // tlb_init
      .env_to_tlb_dirty = 5520,  // tlb_init
      .cpu_jump_cache = 312,     // helper_lookup_tb_ptr
      .tcg_nb_globals = 44,      // tcg_global_mem_new_internal
      .tcg_nb_temps = 48,        // tcg_temp_new_internal
      .tcg_epilogue = 152,       // helper_lookup_tb_ptr
      .tcg_temps = 904,          // tcg_temp_new_internal
      .tcg_insn_ends = 29880,    // tcg_gen_code
      .tcg_ops = 29576,          // tcg_emit_op
      .tcg_env = 43248,          // tcg_gen_lookup_and_goto_ptr
      .tcg_uc = 43376,           // check_exit_request
      .tcg_size = 43384}},
};

struct Wanted {
    std::uintptr_t address;
    std::string id;
};

// One object of the process: is it the one that `wanted.address` lies in?
int look_at_object(dl_phdr_info* info, std::size_t, void* data) {
    auto& wanted = *static_cast<Wanted*>(data);
    bool inside = false;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
        inside = inside || (segment.p_type == PT_LOAD && wanted.address >= begin &&
                            wanted.address - begin < segment.p_memsz);
    }
    if (!inside) return 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_NOTE) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives addresses as numbers.
        const auto* at = reinterpret_cast<const std::byte*>(info->dlpi_addr + segment.p_vaddr);
        const std::byte* const end = at + segment.p_memsz;
        while (end - at >= static_cast<std::ptrdiff_t>(sizeof(ElfW(Nhdr)))) {
            const auto& note = *reinterpret_cast<const ElfW(Nhdr)*>(at);
            const std::byte* const name = at + sizeof note;
            const std::byte* const content = name + ((note.n_namesz + 3) & ~3u);
            if (note.n_type == NT_GNU_BUILD_ID && content + note.n_descsz <= end) {
                for (std::size_t k = 0; k < note.n_descsz; ++k)
                    wanted.id += fmt::format("{:02x}", std::to_integer<unsigned>(content[k]));
                return 1;
            }
            at = content + ((note.n_descsz + 3) & ~3u);
        }
    }
    return 1;
}

}  // namespace

std::string loaded_build_id() {
    Wanted wanted{0, ""};
    // Not &uc_open, which may be a stub of the executable's own.
    void* const open = dlsym(RTLD_DEFAULT, "uc_open");
    wanted.address = reinterpret_cast<std::uintptr_t>(open);
    if (open != nullptr) dl_iterate_phdr(look_at_object, &wanted);
    return wanted.id;
}

const EngineBuild* find_build(std::string_view build_id) {
    for (const EngineBuild& build : kBuilds) {
        if (build.build_id == build_id) return &build;
    }
    return nullptr;
}

const EngineBuild* loaded_build() {
    static const EngineBuild* const build = find_build(loaded_build_id());
    return build;
}

const EngineCalls* engine_calls() {
    static const EngineCalls* const found = []() -> const EngineCalls* {
        static EngineCalls calls{};
        bool all = true;
        const auto get = [&all](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
                dlsym(RTLD_DEFAULT, name));
            all = all && function != nullptr;
        };
        get(calls.emit, "tcg_emit_op_aarch64");
        get(calls.insert_before, "tcg_op_insert_before_aarch64");
        get(calls.remove, "tcg_op_remove_aarch64");
        get(calls.new_temp, "tcg_temp_new_internal_aarch64");
        get(calls.new_label, "gen_new_label_aarch64");
        get(calls.lookup, "helper_lookup_tb_ptr_aarch64");
        get(calls.raise_breakpoint, "helper_exception_bkpt_insn_aarch64");
        get(calls.raise, "helper_exception_with_syndrome_aarch64");
        return all ? &calls : nullptr;
    }();
    return found;
}

}  // namespace uprobesim
