// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/ipc_ids.h"

#include <catch2/catch.hpp>
#include <map>

namespace uprobesim {
namespace {

constexpr std::size_t kMost = 32000;
constexpr std::int32_t kLastIndex = 32767;

TEST_CASE("a wished id is taken, or the next free index of its sequence", "[ipc]") {
    IpcIds ids;
    std::map<std::int32_t, int> taken;
    CHECK(ids.next(taken, kMost, 1000) == 1000);
    taken[1000] = 0;
    CHECK(ids.next(taken, kMost, 1000) == 1001);
}

TEST_CASE("a wished id never takes the index of another object", "[ipc]") {
    IpcIds ids;
    std::map<std::int32_t, int> taken{{0, 0}, {kLastIndex, 0}};
    for (const std::int32_t wished : {kLastIndex, 2'147'483'647}) {
        const std::int32_t id = ids.next(taken, kMost, wished);
        CHECK(id >= 0);
        CHECK(!taken.contains(IpcIds::index_of(id)));
    }
}

}  // namespace
}  // namespace uprobesim
