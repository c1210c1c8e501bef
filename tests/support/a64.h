// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace uprobesim {

// Encodings used by the tests, from the Arm ARM's A64 base instruction pages.
namespace a64 {
constexpr std::uint32_t kNop = 0xd503201f, kRet = 0xd65f03c0;
constexpr std::uint32_t svc(unsigned imm) {
    return 0xd4000001u | (imm << 5);
}
constexpr std::uint32_t brk(unsigned imm) {
    return 0xd4200000u | (imm << 5);
}
constexpr std::uint32_t add_imm(unsigned d, unsigned n, unsigned imm) {
    return 0x91000000u | (imm << 10) | (n << 5) | d;
}
constexpr std::uint32_t subs_imm(unsigned d, unsigned n, unsigned imm) {
    return 0xf1000000u | (imm << 10) | (n << 5) | d;
}
constexpr std::uint32_t movz(unsigned d, unsigned imm) {
    return 0xd2800000u | (imm << 5) | d;
}
constexpr std::uint32_t str(unsigned t, unsigned n, unsigned offset = 0) {
    return 0xf9000000u | ((offset / 8) << 10) | (n << 5) | t;
}
constexpr std::uint32_t str_w(unsigned t, unsigned n) {
    return 0xb9000000u | (n << 5) | t;
}
constexpr std::uint32_t ldr(unsigned t, unsigned n) {
    return 0xf9400000u | (n << 5) | t;
}
constexpr std::uint32_t blr(unsigned n) {
    return 0xd63f0000u | (n << 5);
}
constexpr std::uint32_t br(unsigned n) {
    return 0xd61f0000u | (n << 5);
}
constexpr std::uint32_t b(std::int64_t offset) {
    return 0x14000000u | (static_cast<std::uint32_t>(offset >> 2) & 0x3ffffffu);
}
constexpr std::uint32_t bl(std::int64_t offset) {
    return b(offset) | 1u << 31;
}
constexpr std::uint32_t cbnz(unsigned t, std::int64_t offset) {
    return 0xb5000000u | ((static_cast<std::uint32_t>(offset >> 2) & 0x7ffffu) << 5) | t;
}
constexpr std::uint32_t ldxr(unsigned t, unsigned n) {
    return 0xc85f7c00u | (n << 5) | t;
}
constexpr std::uint32_t stxr(unsigned s, unsigned t, unsigned n) {
    return 0xc8007c00u | (s << 16) | (n << 5) | t;
}
constexpr std::uint32_t ldr_d_literal(unsigned t, unsigned offset) {
    return 0x5c000000u | ((offset / 4) << 5) | t;
}
}  // namespace a64

}  // namespace uprobesim
