// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/engine_build.h"

// What is called beside the library's interface (engine_library.cmake); of these types in
// EngineCalls.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the engine's names.
void tcg_emit_op_aarch64();
void tcg_op_insert_before_aarch64();
void tcg_op_remove_aarch64();
void tcg_temp_new_internal_aarch64();
void gen_new_label_aarch64();
void helper_lookup_tb_ptr_aarch64();
void helper_exception_bkpt_insn_aarch64();
void helper_exception_with_syndrome_aarch64();
// NOLINTEND(readability-identifier-naming)
}

namespace uprobesim {

namespace {

// Offsets as in the machine code of the functions named.
constexpr EngineBuild kBuilds[] = {
    // Debian 12, libunicorn-dev 2.0.1.post1-1+b1, amd64
    {"da138c8966024ebe686883310753b580e6a22ac108771f67f11aae074749cce6",
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

template <class Function>
void get(Function*& function, void (*engines)()) {
    function = reinterpret_cast<Function*>(engines);
}

}  // namespace

const EngineBuild* find_build(std::string_view identifier) {
    for (const EngineBuild& build : kBuilds) {
        if (build.identifier == identifier) return &build;
    }
    return nullptr;
}

const EngineBuild* linked_build() {
    static const EngineBuild* const build = find_build(UPROBESIM_ENGINE_IDENTIFIER);
    return build;
}

const EngineCalls& engine_calls() {
    static const EngineCalls calls = [] {
        EngineCalls all{};
        get(all.emit, tcg_emit_op_aarch64);
        get(all.insert_before, tcg_op_insert_before_aarch64);
        get(all.remove, tcg_op_remove_aarch64);
        get(all.new_temp, tcg_temp_new_internal_aarch64);
        get(all.new_label, gen_new_label_aarch64);
        get(all.lookup, helper_lookup_tb_ptr_aarch64);
        get(all.raise_breakpoint, helper_exception_bkpt_insn_aarch64);
        get(all.raise, helper_exception_with_syndrome_aarch64);
        return all;
    }();
    return calls;
}

}  // namespace uprobesim
