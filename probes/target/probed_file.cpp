// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/probed_file.h"

#include "probes/target/zip_member.h"
#include "sim/base/try.h"

namespace uprobesim {

Result<ProbedFile> ProbedFile::make(std::string path, std::vector<std::byte> bytes,
                                    const FileReader& other_files) {
    ProbedFile file;
    file.path_ = std::move(path);
    if (const auto inner = zip_path(file.path_)) {
        const ZipMember member = TRY(find_zip_member(bytes, inner->member, file.path_));
        file.base_ = member.offset;
        const Bytes stored = piece(bytes, member.offset, member.size);
        bytes = std::vector<std::byte>(stored.begin(), stored.end());
    }
    file.size_ = bytes.size();
    // A copy of what may be no ELF is kept for raw offsets.
    constexpr char kMagic[] = {0x7f, 'E', 'L', 'F'};
    file.is_elf_ =
        bytes.size() >= sizeof kMagic && std::memcmp(bytes.data(), kMagic, sizeof kMagic) == 0;
    if (!file.is_elf_) file.bytes_ = bytes;
    auto index = SymbolIndex::build(std::move(bytes), file.path_, other_files);
    if (index)
        file.index_ = std::move(*index);
    else
        file.no_index_ = index.error();
    return file;
}

std::optional<std::uint32_t> ProbedFile::word_at(std::uint64_t offset) const {
    if (offset < base_) return std::nullopt;
    return load<std::uint32_t>(index_ ? Bytes(index_->bytes()) : Bytes(bytes_), offset - base_);
}

}  // namespace uprobesim
