// SPDX-License-Identifier: GPL-2.0-or-later
// Each function finds the editor of the engine that it is called for, lets it do its part, and
// calls the engine's own, which the linker has as engines_<name> (engine_library.cmake). Engines
// without an editor notice nothing.
#include "sim/cpu/unicorn/jit/interposed.h"

#include <algorithm>
#include <iterator>

#include "sim/cpu/unicorn/jit/code_editor.h"
#include "sim/cpu/unicorn/jit/engine_pages.h"
#include "sim/cpu/unicorn/jit/engine_registry.h"

namespace uprobesim {

namespace {

CodeEditor* editor_of(const TcgContext* s) {
    return EngineRegistry<CodeEditor>::all().find([s](const CodeEditor& e) { return e.is_of(s); });
}
CodeEditor* editor_of_env(const void* env) {
    return EngineRegistry<CodeEditor>::all().find(
        [env](const CodeEditor& e) { return e.is_of_env(env); });
}
CodeEditor* editor_of_cpu(const void* cpu) {
    return EngineRegistry<CodeEditor>::all().find(
        [cpu](const CodeEditor& e) { return e.is_of_cpu(cpu); });
}
CodeEditor* editor_of_uc(const void* uc) {
    return EngineRegistry<CodeEditor>::all().find(
        [uc](const CodeEditor& e) { return e.is_of_uc(uc); });
}
CodeEditor* editor_of_table(const void* table) {
    return EngineRegistry<CodeEditor>::all().find(
        [table](const CodeEditor& e) { return e.holds(table); });
}
// Half precision whose operation is none: the engine's translator has assertions there, which end
// the program (disas_simd_two_reg_misc_fp16, disas_simd_three_reg_same_fp16).
bool ends_translator(std::uint32_t word) {
    const auto among = [](const auto& known, std::uint32_t operation) {
        return std::find(std::begin(known), std::end(known), operation) != std::end(known);
    };
    constexpr std::uint32_t kScalar = 1u << 28, kVector = 1u << 30;
    if ((word & (kScalar | kVector)) == kScalar) return false;  // floating point, decoded elsewhere
    const std::uint32_t a = word >> 23 & 1, u = word >> 29 & 1;
    if ((word & 0x8f7e0c00u) == 0x0e780800u) {
        constexpr std::uint8_t kTwo[] = {0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x2c, 0x2d,
                                         0x2e, 0x2f, 0x38, 0x39, 0x3a, 0x3b, 0x3d, 0x3f,
                                         0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x6c, 0x6d,
                                         0x6f, 0x79, 0x7a, 0x7b, 0x7d, 0x7f};
        return !among(kTwo, (word >> 12 & 31) | a << 5 | u << 6);
    }
    if ((word & 0x9f60c400u) == 0x0e400400u) {
        constexpr std::uint8_t kNoThree[] = {0x05, 0x0b, 0x0c, 0x0d, 0x11, 0x19, 0x1b, 0x1f};
        return among(kNoThree, (word >> 11 & 7) | a << 3 | u << 4);
    }
    return false;
}
void forget_jumps(CodeEditor* editor) {
    if (editor != nullptr) editor->forget_jumps();
}

}  // namespace
}  // namespace uprobesim

// NOLINTBEGIN(readability-identifier-naming): the engine's names.
// Defines the function, and declares the engine's own of that name.
#define INTERPOSE(result, name, ...)               \
    extern "C" result name(__VA_ARGS__);           \
    extern "C" result engines_##name(__VA_ARGS__); \
    result name(__VA_ARGS__)

// A block of at most `most` instructions. Where pages are larger than the engine's own, it ends
// where it would without that.
INTERPOSE(void, gen_intermediate_code_aarch64, void* cpu, void* block, int most) {
    const auto* const pages = uprobesim::EngineRegistry<uprobesim::EnginePages>::all().find(
        [cpu](const uprobesim::EnginePages& p) { return p.is_of_cpu(cpu); });
    if (pages != nullptr)
        most = uprobesim::EnginePages::shortened(*static_cast<uprobesim::TranslationBlock*>(block),
                                                 most);
    engines_gen_intermediate_code_aarch64(cpu, block, most);
}

// A word that is about to be translated. What would end the program is read as an undefined one.
INTERPOSE(std::uint32_t, cpu_ldl_code_aarch64, void* env, std::uint64_t address) {
    const std::uint32_t word = engines_cpu_ldl_code_aarch64(env, address);
    return uprobesim::ends_translator(word) ? 0 : word;
}

// The block is a list of operations now; code is made of it. Less than 0: there was no room for all
// of it.
INTERPOSE(int, tcg_gen_code_aarch64, char* s, void* block) {
    const auto generate = [s, block] { return engines_tcg_gen_code_aarch64(s, block); };
    uprobesim::CodeEditor* const editor = uprobesim::editor_of(s);
    if (editor != nullptr && editor->editing()) editor->edit_end();
    if (editor == nullptr || !editor->counts_blocks()) return generate();
    auto& tb = *static_cast<uprobesim::TranslationBlock*>(block);
    const auto begun = editor->begin_code(tb);
    // As when the engine's own buffer is full: it drops all blocks.
    if (std::holds_alternative<uprobesim::CodeEditor::NoRoom>(begun)) return -1;
    const int size = generate();
    const auto* const id = std::get_if<uprobesim::BlockId>(&begun);
    return id == nullptr ? size : editor->end_code(tb, *id, size);
}

// A jump to another page: the end of a block.
INTERPOSE(void, tcg_gen_lookup_and_goto_ptr_aarch64, char* s) {
    uprobesim::CodeEditor* const editor = uprobesim::editor_of(s);
    if (editor == nullptr || !editor->edits_jumps())
        return engines_tcg_gen_lookup_and_goto_ptr_aarch64(s);
    editor->emit_jump();
}

// Behind each load and store: has somebody asked for an exit? That also has the engine write its
// registers back. Our hooks ask for exits at the beginnings of blocks only, where there is a test
// of its own.
INTERPOSE(void, check_exit_request_aarch64, char* s) {
    const uprobesim::CodeEditor* const editor = uprobesim::editor_of(s);
    if (editor == nullptr || !editor->editing()) engines_check_exit_request_aarch64(s);
}

// What takes a block away from an address: a block invalidated, whatever the reason; all of them
// dropped; translations of addresses dropped.
INTERPOSE(bool, qht_remove, void* table, const void* block, std::uint32_t hash) {
    uprobesim::CodeEditor* const editor = uprobesim::editor_of_table(table);
    if (editor != nullptr) editor->forget_all_jumps();
    const bool removed = engines_qht_remove(table, block, hash);
    if (removed && editor != nullptr)
        editor->block_gone(*static_cast<const uprobesim::TranslationBlock*>(block));
    return removed;
}
INTERPOSE(bool, qht_reset_size, void* uc, void* table, std::size_t elements) {
    uprobesim::CodeEditor* const editor = uprobesim::editor_of_uc(uc);
    if (editor != nullptr) editor->all_blocks_gone();
    return engines_qht_reset_size(uc, table, elements);
}
INTERPOSE(void, tlb_flush_by_mmuidx_aarch64, void* cpu, std::uint16_t modes) {
    uprobesim::forget_jumps(uprobesim::editor_of_cpu(cpu));
    engines_tlb_flush_by_mmuidx_aarch64(cpu, modes);
}
INTERPOSE(void, tlb_flush_page_by_mmuidx_aarch64, void* cpu, std::uint64_t page,
          std::uint16_t modes) {
    uprobesim::forget_jumps(uprobesim::editor_of_cpu(cpu));
    engines_tlb_flush_page_by_mmuidx_aarch64(cpu, page, modes);
}
// A translation enters the engine's TLB.
INTERPOSE(void, tlb_set_page_with_attrs_aarch64, void* cpu, std::uint64_t address,
          std::uint64_t physical, std::uint32_t attributes, int rights, int mode,
          std::uint64_t size) {
    engines_tlb_set_page_with_attrs_aarch64(cpu, address, physical, attributes, rights, mode, size);
    uprobesim::CodeEditor* const editor = uprobesim::editor_of_cpu(cpu);
    if (editor != nullptr) editor->tlb_filled(address, physical, rights, mode);
}
// NOLINTEND(readability-identifier-naming)

void* uprobesim_find_for_place(std::byte* env, std::uint64_t place) {
    return uprobesim::editor_of_env(env)->find_for_place(place);
}

void* uprobesim_find_by_address(std::byte* env) {
    return uprobesim::editor_of_env(env)->find_by_address();
}

std::uint64_t uprobesim_begin_block(std::byte* env, std::uint64_t id) {
    return uprobesim::editor_of_env(env)->begin_block(id) ? 1 : 0;
}

void uprobesim_raise_breakpoint(std::byte* env, std::uint32_t) {
    constexpr std::uint32_t kBreakpoint = 7;  // QEMU's EXCP_BKPT
    uprobesim::editor_of_env(env)->raised(kBreakpoint);
}

void uprobesim_raise(std::byte* env, std::uint32_t number, std::uint32_t syndrome,
                     std::uint32_t el) {
    constexpr std::uint32_t kSvc = 2;  // EXCP_SWI; the engine has more to do for others
    uprobesim::CodeEditor* const editor = uprobesim::editor_of_env(env);
    if (number != kSvc) return editor->raise(number, syndrome, el);
    editor->raised(number);
}

// %rbp holds the CPU's state in generated code, whose stack is aligned for calls.
asm(".text\n"
    ".globl uprobesim_ask_by_address\n"
    ".hidden uprobesim_ask_by_address\n"
    ".type uprobesim_ask_by_address, @function\n"
    "uprobesim_ask_by_address:\n"
    "    movq %rbp, %rdi\n"
    "    call uprobesim_find_by_address@PLT\n"
    "    jmp *%rax\n"
    ".size uprobesim_ask_by_address, .-uprobesim_ask_by_address\n");
