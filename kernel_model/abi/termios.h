// SPDX-License-Identifier: GPL-2.0-or-later
// Terminal settings as arm64's guests have them (asm-generic/termbits.h, asm-generic/termios.h).
#pragma once

#include <array>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kIstrip = 040, kInlcr = 0100, kIgncr = 0200, kIcrnl = 0400,
                               kIxon = 02000, kIxany = 04000, kIutf8 = 040000;
inline constexpr std::uint32_t kOpost = 01, kOnlcr = 04, kOcrnl = 010, kOnocr = 020, kOnlret = 040,
                               kTabdly = 014000, kXtabs = 014000;
inline constexpr std::uint32_t kB38400 = 017, kCsize = 060, kCs8 = 060, kCread = 0200,
                               kParenb = 0400, kCbaud = 010017, kCbaudex = 010000, kBother = 010000;
inline constexpr unsigned kIbshift = 16;  // CIBAUD
inline constexpr std::uint32_t kIsig = 01, kIcanon = 02, kEcho = 010, kEchoe = 020, kEchok = 040,
                               kEchonl = 0100, kNoflsh = 0200, kTostop = 0400, kEchoctl = 01000,
                               kEchoke = 04000, kIexten = 0100000;

// Indexes of control characters; a character 0 is none.
enum ControlCharacter : std::size_t {
    Vintr = 0,
    Vquit = 1,
    Verase = 2,
    Vkill = 3,
    Veof = 4,
    Vtime = 5,
    Vmin = 6,
    Vstart = 8,
    Vstop = 9,
    Vsusp = 10,
    Veol = 11,
    Vreprint = 12,
    Vwerase = 14,
    Vlnext = 15,
    Veol2 = 16,
};

// Arguments of TCXONC and TCFLSH.
inline constexpr std::int32_t kTcooff = 0, kTcoon = 1, kTcioff = 2, kTcion = 3;
inline constexpr std::int32_t kTciflush = 0, kTcoflush = 1, kTcioflush = 2;

struct Termios {
    // tty_std_termios, with the control flags of a pty's slave.
    std::uint32_t input = kIcrnl | kIxon;
    std::uint32_t output = kOpost | kOnlcr;
    std::uint32_t control = kB38400 | kCs8 | kCread;
    std::uint32_t local = kIsig | kIcanon | kEcho | kEchoe | kEchok | kEchoctl | kEchoke | kIexten;
    std::uint8_t line = 0;
    std::array<std::uint8_t, 19> characters{3,   034, 0177, 025, 4,   0,   1,   0, 021,
                                            023, 032, 0,    022, 017, 027, 026, 0};
};
static_assert(sizeof(Termios) == 36);

// struct termios2: with the speeds in bits per second.
struct Termios2 {
    Termios base;
    std::uint32_t input_speed = 38400, output_speed = 38400;
};
static_assert(sizeof(Termios2) == 44);

// struct termio of System V.
struct Termio {
    std::uint16_t input = 0, output = 0, control = 0, local = 0;
    std::uint8_t line = 0;
    std::array<std::uint8_t, 8> characters{};
};
static_assert(sizeof(Termio) == 18);

struct WindowSize {
    std::uint16_t rows = 0, columns = 0, width = 0, height = 0;
    bool operator==(const WindowSize&) const = default;
};

// Line disciplines: that of terminals, and none.
inline constexpr std::uint8_t kNTty = 0, kNNull = 27;

// Packet mode: the first byte of what the master reads.
inline constexpr std::uint8_t kTiocpktData = 0, kTiocpktFlushread = 1, kTiocpktFlushwrite = 2,
                              kTiocpktStop = 4, kTiocpktStart = 8, kTiocpktNostop = 16,
                              kTiocpktDostop = 32;

}  // namespace uprobesim::abi
