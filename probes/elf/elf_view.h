// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF's sections by name, for the readers of single sections. libelf reads the tables; contents
// are taken from the file's bytes, bounded by its end.
#pragma once

#include <gelf.h>
#include <libelf.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "probes/elf/bytes.h"

namespace uprobesim {

class ElfView {
public:
    struct Section {
        std::string_view name;  // good as long as the view
        GElf_Shdr header;
        Elf_Scn* scn;
    };
    // `bytes` has to outlive the view.
    explicit ElfView(Bytes bytes);

    bool valid() const { return elf_ != nullptr; }
    ::Elf* elf() const { return elf_.get(); }
    Bytes bytes() const { return bytes_; }
    const std::vector<Section>& sections() const { return sections_; }
    const Section* find(std::string_view name) const;
    const Section* of_type(std::uint32_t type) const;
    // As it is in the file; a compressed section stays so.
    Bytes content(const Section& section) const;
    Bytes content(std::string_view name) const;

private:
    struct End {
        void operator()(::Elf* elf) const { elf_end(elf); }
    };
    Bytes bytes_;
    std::unique_ptr<::Elf, End> elf_;
    std::vector<Section> sections_;
};

// NT_GNU_BUILD_ID, as hexadecimal digits; empty: none.
std::string build_id_of(const ElfView& elf);

}  // namespace uprobesim
