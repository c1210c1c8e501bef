// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's parameters, /proc/sys: a table of names, defaults and what may be written, and the
// values of one kernel. What is written is remembered, and obeyed by the code that asks for it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "kernel_model/abi/errno.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// How a write is read. Fixed: nobody may write. Text: a line, cut at `most` bytes. Numbers: as many
// as the default has, each from `least` to `most`. Forced: numbers that are checked and not kept.
enum class SysctlKind : std::uint8_t { Fixed, Text, Numbers, Forced };

struct SysctlRow {
    std::string_view name;  // below /proc/sys: "kernel/pid_max"
    std::string_view text;  // the default, without the newline
    SysctlKind kind = SysctlKind::Fixed;
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint32_t mode = kind == SysctlKind::Fixed ? 0444 : 0644;
};
std::span<const SysctlRow> sysctl_table();
std::span<const SysctlRow> device_sysctls();  // those of it that network interfaces have

class Sysctls {
public:
    // Null: no such name.
    static const SysctlRow* find(std::string_view name);

    std::string text(const SysctlRow& row) const;
    // What written values take is charged to `memory`.
    void charge_to(PhysicalMemory* memory) { charge_ = MemoryCharge(memory); }
    // What a write of `given` does (proc_dointvec_minmax, proc_dostring). Inval: no such value;
    // NoMem: there is no room for it.
    tl::expected<void, Errno> write(const SysctlRow& row, std::string_view given);
    // The first number. `name` must be in the table.
    std::int64_t number(std::string_view name) const { return number(name, 0); }
    // That at a place: "kernel/sem" has four.
    std::int64_t number(std::string_view name, std::size_t place) const;
    // The default of a parameter that depends on the machine.
    void set_default(std::string_view name, std::string text);
    // The same, made when it is asked for.
    void make_default(std::string_view name, std::function<std::string()> make);
    // What a written value means elsewhere: `take` may change it, or refuse it.
    using Taking = std::function<tl::expected<void, Errno>(std::string& value)>;
    void on_write(std::string_view name, Taking take);
    // Counts the changes.
    std::uint64_t version() const { return version_; }

private:
    void spread(const SysctlRow& row);
    void store(std::string_view name, std::string value);

    std::map<std::string, std::string, std::less<>> values_;  // those that are not the table's
    std::map<std::string, std::function<std::string()>, std::less<>> made_;
    std::map<std::string, Taking, std::less<>> taken_;
    std::uint64_t version_ = 0;
    MemoryCharge charge_;  // of values_
};

}  // namespace uprobesim
