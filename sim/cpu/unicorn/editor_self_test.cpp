// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/editor_self_test.h"

#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kSvc = 2, kPrefetchAbort = 3;  // QEMU's EXCP_*
constexpr VAddr kCaller{0x400000}, kCalled{0x401000};
constexpr std::uint64_t kRounds = 50;

// Calls the other page twice in each round: at a fixed address, and at one in a register.
constexpr std::uint32_t kCallerCode[] = {
    0x94000400,  // bl kCalled
    0x8b000021,  // add x1, x1, x0
    0xd63f0120,  // blr x9
    0x8b000021,  // add x1, x1, x0
    0xf1000442,  // subs x2, x2, #1
    0x54ffff61,  // b.ne kCaller
    0xd4000001,  // svc #0
};

struct NotObserved final : TranslationObserver {
    void translation_changed(const AddressSpace&, VAddr) override {}
    void shadow_changed(const AddressSpace&, VAddr) override {}
    void space_gone(const AddressSpace&) override {}
};

class EditorTest {
public:
    EditorTest(UnicornEngine& engine, PhysicalMemory& memory)
        : engine_(engine), memory_(memory), space_(memory, observer_) {
        caller_ = map(kCaller);
        std::memcpy(memory_.bytes(caller_).data(), kCallerCode, sizeof kCallerCode);
    }

    std::string run(const CodeEditor& editor) {
        const PAddr first = map(kCalled);
        memory_.add_ref(first);
        const PAddr second = map(kCalled);
        memory_.add_ref(second);
        space_.unmap(kCalled);
        std::string wrong = compare(editor, first, second);
        engine_.write(Reg{1}, 0);
        engine_.write(Reg{9}, 0);
        for (const PAddr frame : {caller_, first, second}) engine_.drop_code(frame);
        memory_.release(first);
        memory_.release(second);
        return wrong;
    }

private:
    PAddr map(VAddr page) {
        const auto frame = memory_.allocate();
        if (!frame || !space_.map(page, *frame, {true, false, true}))
            throw HostError("testing the engine's code", "the simulated memory is too small");
        return *frame;
    }
    // movz x0, #value; ret
    void returns(PAddr frame, std::uint32_t value) {
        const std::uint32_t code[] = {0xd2800000u | value << 5, 0xd65f03c0};
        std::memcpy(memory_.bytes(frame).data(), code, sizeof code);
    }
    void show(PAddr frame) {
        memory_.add_ref(frame);
        if (!space_.map(kCalled, frame, {true, false, true}))
            throw HostError("testing the engine's code", "the simulated memory is too small");
        engine_.flush_translations();
    }
    // The sum of what the calls returned; nothing where the program did not come to its end.
    std::uint64_t result() {
        engine_.write(Reg{1}, 0);
        engine_.write(Reg{2}, kRounds);
        engine_.write(Reg{9}, kCalled.value);
        return engine_.start(kCaller.value) == kSvc ? engine_.read(Reg{1}) : 0;
    }

    std::string compare(const CodeEditor& editor, PAddr first, PAddr second) {
        returns(first, 3);
        returns(second, 5);
        engine_.set_translation_table(space_.root());
        show(first);
        if (result() != kRounds * 2 * 3) return "edited code does not do what it did";
        const std::uint64_t asked = editor.jumps().asked();
        if (asked == 0) return "the engine's jumps were not edited";
        if (editor.exceptions() == 0) return "the engine's exceptions were not edited";
        if (result() != kRounds * 2 * 3 || editor.jumps().asked() != asked)
            return "jumps are not found inline";
        show(second);
        if (result() != kRounds * 2 * 5)
            return "a page that was mapped to other memory is not seen";
        returns(second, 7);
        engine_.drop_code(second);
        // As the table is set again, translations are dropped; by itself that finds no old block.
        engine_.set_translation_table(space_.root());
        if (result() != kRounds * 2 * 7) return "code that was rewritten is not seen";
        space_.unmap(kCalled);
        engine_.flush_translations();
        engine_.write(Reg{2}, kRounds);
        if (engine_.start(kCaller.value) != kPrefetchAbort || engine_.pc() != kCalled.value)
            return "a page that is gone is still executed";
        return "";
    }

    UnicornEngine& engine_;
    PhysicalMemory& memory_;
    NotObserved observer_;
    AddressSpace space_;
    PAddr caller_;
};

}  // namespace

std::string test_editor(UnicornEngine& engine, PhysicalMemory& memory, const CodeEditor& editor) {
    return EditorTest(engine, memory).run(editor);
}

}  // namespace uprobesim
