// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/debug_files.h"

#include <elf.h>
#include <lzma.h>

#include <algorithm>
#include <array>

namespace uprobesim {
namespace {

// A symbol table of this size has some ten million functions.
constexpr std::size_t kMostUnpacked = std::size_t{256} << 20;
constexpr std::uint64_t kMostDecoderMemory = std::uint64_t{128} << 20;
constexpr std::string_view kDebugRoot = "/usr/lib/debug";

struct DebugLink {
    std::string name;
    std::uint32_t crc = 0;
};

std::optional<DebugLink> debug_link(const ElfView& elf) {
    const Bytes content = elf.content(".gnu_debuglink");
    const auto name = string_at(content, 0);
    if (!name || name->empty() || name->find('/') != name->npos) return std::nullopt;
    const auto crc = load<std::uint32_t>(content, (name->size() + 4) / 4 * 4);
    if (!crc) return std::nullopt;
    return DebugLink{std::string(*name), *crc};
}

std::uint32_t crc_of(Bytes bytes) {
    return lzma_crc32(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), 0);
}

std::vector<std::string> places_of_link(std::string_view path, const std::string& name) {
    const std::string folder(path.substr(0, path.rfind('/') + 1));
    std::vector<std::string> places = {folder + name, folder + ".debug/" + name,
                                       std::string(kDebugRoot) + folder + name};
    // Where /lib and /bin are links into /usr, packages name what they link to.
    if (!folder.starts_with("/usr/"))
        places.push_back(std::string(kDebugRoot) + "/usr" + folder + name);
    std::erase(places, std::string(path));
    return places;
}

}  // namespace

std::vector<std::byte> embedded_symbols(const ElfView& elf) {
    const Bytes packed = elf.content(".gnu_debugdata");
    std::vector<std::byte> unpacked;
    if (packed.empty()) return unpacked;
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, kMostDecoderMemory, 0) != LZMA_OK) return unpacked;
    stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
    stream.avail_in = packed.size();
    std::array<std::byte, 65536> buffer{};
    lzma_ret state = LZMA_OK;
    while (state == LZMA_OK && unpacked.size() <= kMostUnpacked) {
        stream.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
        stream.avail_out = buffer.size();
        state = lzma_code(&stream, LZMA_FINISH);
        unpacked.insert(unpacked.end(), buffer.begin(),
                        buffer.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    }
    lzma_end(&stream);
    if (state != LZMA_STREAM_END) unpacked.clear();
    return unpacked;
}

std::optional<DebugFile> find_debug_file(const ElfView& elf, std::string_view path,
                                         const FileReader& read) {
    if (!read) return std::nullopt;
    const std::string id = build_id_of(elf);
    const auto link = debug_link(elf);
    std::vector<std::string> places;
    if (id.size() > 2)
        places.push_back(std::string(kDebugRoot) + "/.build-id/" + id.substr(0, 2) + "/" +
                         id.substr(2) + ".debug");
    if (link) {
        for (std::string& place : places_of_link(path, link->name))
            places.push_back(std::move(place));
    }
    for (const std::string& place : places) {
        auto bytes = read(place);
        if (!bytes) continue;
        const ElfView debug(*bytes);
        if (!debug.valid()) continue;
        const std::string other = build_id_of(debug);
        const bool same =
            id.empty() || other.empty() ? link && crc_of(*bytes) == link->crc : id == other;
        if (same) return DebugFile{place, std::move(*bytes)};
    }
    return std::nullopt;
}

bool is_debug_file(const ElfView& elf) {
    bool code = false;
    for (const ElfView::Section& section : elf.sections()) {
        if ((section.header.sh_flags & SHF_EXECINSTR) == 0) continue;
        if (section.header.sh_type != SHT_NOBITS) return false;
        code = true;
    }
    return code;
}

}  // namespace uprobesim
