// SPDX-License-Identifier: GPL-2.0-or-later
// The maps that .BTF describes: the variables of section .maps, each a struct whose members say by
// their types what the map is (libbpf's __uint and __type).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "probes/elf/bytes.h"

namespace uprobesim {

struct BpfMap {
    std::string name;
    std::uint32_t type = 0;  // BPF_MAP_TYPE_*
    std::uint64_t key_size = 0;
    std::uint64_t value_size = 0;
};

// By name. What is damaged is left out.
std::map<std::string, BpfMap> btf_maps(Bytes btf);

}  // namespace uprobesim
