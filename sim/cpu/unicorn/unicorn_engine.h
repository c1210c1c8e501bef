// SPDX-License-Identifier: GPL-2.0-or-later
// One Unicorn engine brought to EL0 under its own stage-1 MMU, and the few things that have to be
// found out about this build of it. Knows registers, translation registers and fault syndromes;
// counts nothing, decides nothing.
#pragma once

#include <unicorn/unicorn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/cpu/cpu.h"
#include "sim/cpu/unicorn/engine_way.h"
#include "sim/cpu/unicorn/jit/block_ends.h"
#include "sim/cpu/unicorn/jit/engine_pages.h"
#include "sim/cpu/unicorn/translated_code.h"
#include "sim/insn/isa.h"
#include "sim/mem/address_space.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

// Throws HostError naming the call.
void check_engine(uc_err error, const char* call);

// Limit in bytes for one table about the guest's code: an eighth of the guest's memory, but at
// least `least` and at most `most`.
inline std::uint64_t most_host_bytes(const PhysicalMemory& memory, std::uint64_t least,
                                     std::uint64_t most) {
    return std::clamp(memory.limit_bytes() / 8 / kPageSize * kPageSize, least, most);
}

class UnicornEngine final : public ExceptionTaker {
public:
    // Opens the engine, maps the physical memory, goes to EL0, calibrates.
    // `most_code`: as in UnicornTrial.
    UnicornEngine(PhysicalMemory& memory, EngineWay way, std::uint64_t most_code,
                  const IsaSet& isa);
    ~UnicornEngine() override;
    UnicornEngine(const UnicornEngine&) = delete;
    UnicornEngine& operator=(const UnicornEngine&) = delete;

    // What the engine executes that is made for a machine of this set.
    static IsaSet executes(const IsaSet& isa);

    uc_engine* handle() const { return uc_; }
    unsigned page_bits() const { return page_bits_; }  // of the engine's own pages

    std::uint64_t read(Reg r) const {
        if (registers_ != nullptr && r <= Reg::Pc) [[likely]]
            return registers_[static_cast<std::size_t>(r)];
        return read_by_call(r);
    }
    void write(Reg r, std::uint64_t value) {
        if (registers_ != nullptr && r <= Reg::Sp) [[likely]] {
            registers_[static_cast<std::size_t>(r)] = value;
        } else {
            write_by_call(r, value);
        }
    }
    UserRegisters read_all() const;
    void write_all(const UserRegisters& registers);  // pc excepted: it is given to start()
    FpState read_fp() const;
    void write_fp(const FpState& fp);

    // Runs from pc until a hook stops it. Returns the exception number of the engine's CPU (2 SVC,
    // 3 prefetch abort, 4 data abort, 7 BRK, 1 undefined), or nullopt when a hook stopped it
    // without one.
    std::optional<std::uint32_t> start(std::uint64_t pc);
    void stop() { uc_emu_stop(uc_); }
    void take_exception(std::uint32_t number) override {
        exception_ = number;
        stop();
    }
    std::uint64_t pc() const { return read(Reg::Pc); }
    // Of the data abort that has just stopped the engine.
    struct FaultDetail {
        std::uint64_t address;
        bool write;
        bool unaligned;
    };
    FaultDetail fault_detail() const;

    void set_translation_table(PAddr root);  // and drops every cached translation
    // Where the cached translations are known to be `root`'s: after a context with another table
    // was restored.
    void restore_translation_table(PAddr root);
    // All of them: the engine's own page is 1 KiB, and TLBI by address drops the jump targets of a
    // 4 KiB page's first quarter only, so that code after it would go on running after the page was
    // mapped to another frame.
    void flush_translations();
    // Of a page without a tag; with pages of 4 KiB only.
    void flush_translations_of(VAddr page);
    // Drops translated code of a physical frame, mapped anywhere or not. Leaves the engine on its
    // own tables: the caller sets the guest's again.
    void drop_code(PAddr frame) { drop_code(frame, 0, kPageSize); }
    // Only of what has one of these bytes in it.
    void drop_code(PAddr frame, std::uint64_t offset, std::uint64_t size);

    // All of it; between runs only.
    void drop_all_code();
    // Of the host's memory that translated code takes.
    const TranslatedCode& code() const { return code_; }

    // Of a machine with BTI and PAC: PSTATE.BTYPE; the keys of `which`, a bit for each; which of
    // the four address keys are used.
    unsigned btype() const;
    void set_btype(unsigned btype);
    void write_keys(const PointerKeys& keys, unsigned which);
    void enable_keys(unsigned which);

    // Makes the local exclusive monitor open, as an exception return does. False: this build gives
    // no way to.
    bool clear_exclusive();
    bool clears_exclusive() const { return exclusive_offset_ != 0; }
    // False: registers are read and written by calls.
    bool registers_in_place() const { return registers_ != nullptr; }
    // The engine's CPU state in host memory, for what no API offers, from X0 on; null when it was
    // not found.
    std::byte* cpu_state() const { return cpu_state_; }
    // Its beginning: 16 words of 32-bit registers lie before X0.
    static constexpr std::size_t kStateBeforeRegisters = 64;
    std::byte* whole_cpu_state() const {
        return cpu_state_ == nullptr ? nullptr : cpu_state_ - kStateBeforeRegisters;
    }

private:
    // In the engine's own address space.
    static constexpr std::uint64_t kCodePage = 0x10000, kDataPage = 0x20000, kWindowPage = 0x30000;
    static constexpr std::uint32_t kSvc0 = 0xd4000001;

    struct SystemRegister {
        std::uint8_t op0, op1, crn, crm, op2;
    };
    static bool is_armv8_0(const IsaSet& isa);
    // SCTLR_EL1; `keys`: the address keys that are used.
    static std::uint64_t sctlr_of(const IsaSet& isa, unsigned keys);
    std::uint64_t read_by_call(Reg r) const;
    void write_by_call(Reg r, std::uint64_t value);
    void write_system(SystemRegister r, std::uint64_t value);
    void enter_el0();
    void calibrate();
    void find_cpu_state();
    void find_registers();
    void find_exclusive_monitor();
    std::vector<std::size_t> words_after_load_exclusive();
    bool try_exclusive_monitor(std::size_t offset);
    std::uint64_t probe_exception(std::span<const std::uint32_t> code);

    static void on_interrupt(uc_engine* uc, std::uint32_t number, void* self);

    PhysicalMemory& memory_;
    IsaSet isa_;
    uc_engine* uc_ = nullptr;
    std::optional<EnginePages> pages_;
    unsigned page_bits_ = 0;
    uc_hook interrupt_hook_ = 0;
    uc_hook fetch_hook_ = 0;
    // Its own tables are only used right after a complete flush.
    struct Unobserved final : TranslationObserver {
        void translation_changed(const AddressSpace&, VAddr) override {}
        void shadow_changed(const AddressSpace&, VAddr) override {}
        void space_gone(const AddressSpace&) override {}
    };
    Unobserved unobserved_;
    std::unique_ptr<AddressSpace> own_;  // calibration code, data and the window of drop_code
    PAddr code_frame_;
    PAddr data_frame_;
    std::optional<std::uint32_t> exception_;
    uc_context* scratch_ = nullptr;
    std::uint64_t most_code_;
    TranslatedCode code_;
    std::size_t fault_address_offset_ = 0;  // in a context blob; 0: not found
    std::byte* cpu_state_ = nullptr;
    // X0..X30, SP, PC in this order, in the CPU state; null: by call only.
    std::uint64_t* registers_ = nullptr;
    std::size_t exclusive_offset_ = 0;  // from cpu_state_; 0: not found
};

}  // namespace uprobesim
