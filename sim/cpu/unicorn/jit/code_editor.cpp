// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/code_editor.h"

#include "sim/cpu/unicorn/jit/editor_check.h"
#include "sim/cpu/unicorn/jit/engine_pages.h"
#include "sim/cpu/unicorn/jit/engine_registry.h"
#include "sim/cpu/unicorn/jit/interposed.h"

namespace uprobesim {

std::unique_ptr<CodeEditor> CodeEditor::attach(uc_engine* uc, std::byte* env,
                                               const EngineBuild& build, std::string& reason) {
    const auto refused = [&reason](std::string why) {
        reason = std::move(why);
        return nullptr;
    };
    if (!interposed()) return refused("the engine's functions are not called through the linker");
    const EngineCalls* const calls = engine_calls();
    if (calls == nullptr) return refused("the engine lacks functions that edits are made with");
    if (env == nullptr) return refused("the engine's CPU state was not found");
    EngineParts parts;
    if (std::string why = check_layout(build.layout, uc, env, parts); !why.empty())
        return refused(std::move(why));
    auto memory = std::make_unique<NearMemory>(env, sizeof(Shared));
    if (memory->data() == nullptr)
        return refused("there is no room within 2 GiB of the engine's CPU state");
    return std::unique_ptr<CodeEditor>(
        new CodeEditor(uc, env, parts, build.layout, *calls, std::move(memory)));
}

CodeEditor::CodeEditor(uc_engine* uc, std::byte* env, const EngineParts& parts,
                       const EngineLayout& layout, const EngineCalls& calls,
                       std::unique_ptr<NearMemory> memory)
    : layout_(layout),
      uc_(uc),
      env_(env),
      cpu_(parts.cpu),
      context_(parts.context),
      el0_flags_(read_at<std::uint32_t>(env, layout.env_flags)),
      memory_(std::move(memory)),
      shared_(*reinterpret_cast<Shared*>(memory_->data())),
      jumps_(layout, calls, env, shared_.jumps),
      tlb_(layout, env, EnginePages::bits(uc)) {
    EngineRegistry<CodeEditor>::all().add(*this);
}

CodeEditor::~CodeEditor() {
    EngineRegistry<CodeEditor>::all().remove(*this);
}

void CodeEditor::open_stores(StoreGate& gate) {
    tlb_.grow();
    gate_ = &gate;
}

void CodeEditor::tlb_filled(std::uint64_t address, std::uint64_t physical, int rights, int mode) {
    constexpr int kWrite = 2;  // PAGE_WRITE
    if (gate_ == nullptr || mode != EngineTlb::kMode || (rights & kWrite) == 0) return;
    if (gate_->open_at_once(PAddr(page_floor(physical)))) tlb_.open_for_stores(address);
}

bool CodeEditor::holds(const void* part) const {
    const auto at = reinterpret_cast<std::uintptr_t>(part);
    const auto begin = reinterpret_cast<std::uintptr_t>(context_);
    return at >= begin && at - begin < layout_.tcg_size;
}

}  // namespace uprobesim
