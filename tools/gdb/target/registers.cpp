// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/registers.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace uprobesim {
namespace {

// Kinds of registers in the order of their numbers.
enum class Kind : std::uint8_t { General, Cpsr, Vector, Fpsr, Fpcr, Tpidr };
struct Group {
    Kind kind;
    unsigned count;
    std::size_t bytes;  // of one
};
constexpr std::array kGroups{Group{Kind::General, 33, 8}, Group{Kind::Cpsr, 1, 4},
                             Group{Kind::Vector, 32, 16}, Group{Kind::Fpsr, 1, 4},
                             Group{Kind::Fpcr, 1, 4},     Group{Kind::Tpidr, 1, 8}};

struct Place {
    Kind kind;
    unsigned index;     // among its kind
    std::size_t bytes;  // its size
};
std::optional<Place> place_of(std::uint64_t number) {
    for (const Group& group : kGroups) {
        if (number < group.count)
            return Place{group.kind, static_cast<unsigned>(number), group.bytes};
        number -= group.count;
    }
    return std::nullopt;
}

template <class T>
std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <class T>
T value_of(std::string_view bytes) {
    T value{};
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

std::string bytes_at(Cpu& cpu, ContextId context, const FpState& fp, const Place& place) {
    switch (place.kind) {
        case Kind::General: return bytes_of(cpu.read(context, static_cast<Reg>(place.index)));
        case Kind::Cpsr:
            return bytes_of(static_cast<std::uint32_t>(cpu.read(context, Reg::Pstate)));
        case Kind::Vector: return bytes_of(fp.v.at(place.index));
        case Kind::Fpsr: return bytes_of(fp.fpsr);
        case Kind::Fpcr: return bytes_of(fp.fpcr);
        case Kind::Tpidr: return bytes_of(cpu.read(context, Reg::Tpidr));
    }
    return {};
}

// Bits that EL0 cannot have stay as they are.
void put(Cpu& cpu, ContextId context, FpState& fp, const Place& place, std::string_view bytes) {
    switch (place.kind) {
        case Kind::General:
            cpu.write(context, static_cast<Reg>(place.index), value_of<std::uint64_t>(bytes));
            break;
        case Kind::Cpsr: {
            const std::uint64_t before = cpu.read(context, Reg::Pstate);
            cpu.write(context, Reg::Pstate,
                      (before & ~kPstateUser) | (value_of<std::uint32_t>(bytes) & kPstateUser));
            break;
        }
        case Kind::Vector:
            fp.v.at(place.index) = value_of<std::array<std::uint64_t, 2>>(bytes);
            break;
        case Kind::Fpsr: fp.fpsr = value_of<std::uint32_t>(bytes); break;
        case Kind::Fpcr: fp.fpcr = value_of<std::uint32_t>(bytes); break;
        case Kind::Tpidr: cpu.write(context, Reg::Tpidr, value_of<std::uint64_t>(bytes)); break;
    }
}

bool is_fp(Kind kind) {
    return kind == Kind::Vector || kind == Kind::Fpsr || kind == Kind::Fpcr;
}

constexpr std::string_view kHead = R"(<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target>
<architecture>aarch64</architecture>
<osabi>GNU/Linux</osabi>
)";

constexpr std::string_view kFlags = R"(<flags id="cpsr_flags" size="4">
<field name="BTYPE" start="10" end="11"/>
<field name="SSBS" start="12" end="12"/>
<field name="DIT" start="24" end="24"/>
<field name="V" start="28" end="28"/>
<field name="C" start="29" end="29"/>
<field name="Z" start="30" end="30"/>
<field name="N" start="31" end="31"/>
</flags>
)";

constexpr std::string_view kVectorTypes = R"(<vector id="v2d" type="ieee_double" count="2"/>
<vector id="v2u" type="uint64" count="2"/>
<vector id="v2i" type="int64" count="2"/>
<vector id="v4f" type="ieee_single" count="4"/>
<vector id="v4u" type="uint32" count="4"/>
<vector id="v4i" type="int32" count="4"/>
<vector id="v8f" type="ieee_half" count="8"/>
<vector id="v8u" type="uint16" count="8"/>
<vector id="v8i" type="int16" count="8"/>
<vector id="v16u" type="uint8" count="16"/>
<vector id="v16i" type="int8" count="16"/>
<vector id="v1u" type="uint128" count="1"/>
<vector id="v1i" type="int128" count="1"/>
<union id="vnd"><field name="f" type="v2d"/><field name="u" type="v2u"/><field name="s" type="v2i"/></union>
<union id="vns"><field name="f" type="v4f"/><field name="u" type="v4u"/><field name="s" type="v4i"/></union>
<union id="vnh"><field name="f" type="v8f"/><field name="u" type="v8u"/><field name="s" type="v8i"/></union>
<union id="vnb"><field name="u" type="v16u"/><field name="s" type="v16i"/></union>
<union id="vnq"><field name="u" type="v1u"/><field name="s" type="v1i"/></union>
<union id="aarch64v"><field name="d" type="vnd"/><field name="s" type="vns"/><field name="h" type="vnh"/>
<field name="b" type="vnb"/><field name="q" type="vnq"/></union>
)";

std::string feature(std::string_view name, const std::string& body) {
    return fmt::format("<feature name=\"org.gnu.gdb.aarch64.{}\">\n{}</feature>\n", name, body);
}

}  // namespace

std::string target_description() {
    std::string core(kFlags), fpu(kVectorTypes);
    for (unsigned n = 0; n <= 30; ++n)
        core += fmt::format("<reg name=\"x{}\" bitsize=\"64\"/>\n", n);
    core +=
        "<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/>\n"
        "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\"/>\n"
        "<reg name=\"cpsr\" bitsize=\"32\" type=\"cpsr_flags\"/>\n";
    for (unsigned n = 0; n < 32; ++n)
        fpu += fmt::format("<reg name=\"v{}\" bitsize=\"128\" type=\"aarch64v\"/>\n", n);
    fpu += "<reg name=\"fpsr\" bitsize=\"32\"/>\n<reg name=\"fpcr\" bitsize=\"32\"/>\n";
    const std::string tls = "<reg name=\"tpidr\" bitsize=\"64\" type=\"data_ptr\"/>\n";
    return fmt::format("{}{}{}{}</target>\n", kHead, feature("core", core), feature("fpu", fpu),
                       feature("tls", tls));
}

std::string register_bytes(Cpu& cpu, ContextId context) {
    const FpState fp = cpu.read_fp(context);
    std::string bytes;
    for (std::uint64_t n = 0; const auto place = place_of(n); ++n)
        bytes += bytes_at(cpu, context, fp, *place);
    return bytes;
}

std::optional<std::string> register_bytes(Cpu& cpu, ContextId context, std::uint64_t number) {
    const auto place = place_of(number);
    if (!place) return std::nullopt;
    return bytes_at(cpu, context, is_fp(place->kind) ? cpu.read_fp(context) : FpState{}, *place);
}

bool set_registers(Cpu& cpu, ContextId context, std::string_view bytes) {
    std::size_t all = 0;
    for (const Group& group : kGroups) all += group.count * group.bytes;
    if (bytes.size() != all) return false;
    FpState fp = cpu.read_fp(context);
    for (std::uint64_t n = 0; const auto place = place_of(n); ++n) {
        put(cpu, context, fp, *place, bytes.substr(0, place->bytes));
        bytes.remove_prefix(place->bytes);
    }
    cpu.write_fp(context, fp);
    return true;
}

bool set_register(Cpu& cpu, ContextId context, std::uint64_t number, std::string_view bytes) {
    const auto place = place_of(number);
    if (!place || bytes.size() != place->bytes) return false;
    FpState fp;
    if (is_fp(place->kind)) fp = cpu.read_fp(context);
    put(cpu, context, fp, *place, bytes);
    if (is_fp(place->kind)) cpu.write_fp(context, fp);
    return true;
}

}  // namespace uprobesim
