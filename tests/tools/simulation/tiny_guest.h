// SPDX-License-Identifier: GPL-2.0-or-later
// A guest root in a temporary folder with one static arm64 program of a few words: enough to run
// the whole simulator without a sysroot or a cross compiler.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/host.h"

namespace uprobesim {

class TinyGuest {
public:
    const std::string& root() const { return folder_.path(); }

    // One PT_LOAD, read and execute, at 0x400000; code begins at file offset kCodeOffset. Layout:
    // ELF-64 object file format, version 1.5, figures 2 to 7.
    static constexpr std::uint64_t kCodeOffset = 120;
    void add_program(const std::string& name, const std::vector<std::uint32_t>& code,
                     const std::string& data = "") {
        constexpr std::uint64_t kBase = 0x400000;
        std::string file(
            "\x7f"
            "ELF\x02\x01\x01",
            7);
        file.resize(16);
        const std::uint64_t size = kCodeOffset + 4 * code.size() + data.size();
        put(file, 2, 2);    // e_type: ET_EXEC
        put(file, 183, 2);  // e_machine: EM_AARCH64
        put(file, 1, 4);
        put(file, kBase + kCodeOffset, 8);  // e_entry
        put(file, 64, 8);                   // e_phoff
        put(file, 0, 8);
        put(file, 0, 4);
        for (const std::uint64_t half : {64U, 56U, 1U, 64U, 0U, 0U}) put(file, half, 2);
        put(file, 1, 4);  // p_type: PT_LOAD
        put(file, 5, 4);  // p_flags: R and X
        for (const std::uint64_t word :
             {std::uint64_t{0}, kBase, kBase, size, size, std::uint64_t{4096}})
            put(file, word, 8);
        for (const std::uint32_t word : code) put(file, word, 4);
        add_file(name, file + data);
        std::filesystem::permissions(root() + "/" + name, std::filesystem::perms::all);
    }
    void add_file(const std::string& name, const std::string& text) { folder_.write(name, text); }

private:
    static void put(std::string& to, std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
    }
    TempFolder folder_;
};

}  // namespace uprobesim
