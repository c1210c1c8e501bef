// SPDX-License-Identifier: GPL-2.0-or-later
// The address spaces that map a file (the kernel's i_mmap): what is told when pages of it go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

namespace uprobesim {

class FileBacking;
class Mm;

// Lives as long as its address space.
struct MapperToken {
    explicit MapperToken(Mm* of) : mm(of) {}
    Mm* mm;
};

inline constexpr std::uint64_t kEveryPage = ~std::uint64_t{0};  // as the end of a file's pages

class Mappers {
public:
    // `mapper` has a mapping of the file now. It stays known after the last one, until its end.
    void add(const std::shared_ptr<MapperToken>& mapper);

    // What becomes of copies that private mappings have made: cutting a file takes them too, a hole
    // in it does not (unmap_mapping_range's even_cows).
    enum class Copies { Taken, Left };
    // Unmaps the pages `first` to `end` - 1 of `file` everywhere. The next access faults: SIGBUS,
    // if the file is shorter by then.
    void unmap(const FileBacking& file, std::uint64_t first, std::uint64_t end,
               Copies copies) const;

private:
    struct Row {
        std::weak_ptr<MapperToken> mapper;
        std::uint64_t number = 0;  // in the order of their first mappings
    };
    std::map<const MapperToken*, Row> rows_;
    std::uint64_t next_number_ = 0;
    std::size_t look_at_ = 16;  // rows, at which those of ended address spaces are dropped
};

}  // namespace uprobesim
