// SPDX-License-Identifier: GPL-2.0-or-later
// The hits of real_hits.h on the same two kernels where they ran as a Neoverse N1 (of QEMU 7.2:
// LSE, PAN, SSBS, IDC without DIC; no KPTI; the BHB loop of 24 iterations): EL1 instructions from
// each exception from EL0 to its ERET, counted as there.
#pragma once

#include <vector>

#include "tests/probes/hit/real_hits.h"

namespace uprobesim::test {

struct RealHitOnN1 {
    const char* kernel;
    RealHit::Kind kind;
    const char* name;
    std::vector<double> leg_insns;
};

inline const std::vector<RealHitOnN1>& real_hits_on_n1() {
    // clang-format off
    static const std::vector<RealHitOnN1> rows = {
        {"v6.12", RealHit::Kind::Uprobe, "nop", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "nop", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "push", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "push", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "ret", {969}},
        {"v6.12", RealHit::Kind::Uretprobe, "ret", {1068, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "push_fresh_page", {1182, 2860, 574}},
        {"v6.12", RealHit::Kind::Both, "nop", {1507, 574, 795}},
        {"v6.12", RealHit::Kind::Perf, "nop", {1171, 574}},
        {"v6.12", RealHit::Kind::Both, "push", {1507, 574, 795}},
        {"v6.12", RealHit::Kind::Perf, "push", {1171, 574}},
        {"v6.12", RealHit::Kind::Both, "ret", {1322, 795}},
        {"v6.12", RealHit::Kind::Perf, "ret", {986}},
        {"v6.12", RealHit::Kind::Uprobe, "push48", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "push48", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "stpoff", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "bl", {966}},
        {"v6.12", RealHit::Kind::Uprobe, "b", {964}},
        {"v6.12", RealHit::Kind::Uretprobe, "b", {1063, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "br", {969}},
        {"v6.12", RealHit::Kind::Uprobe, "blr", {971}},
        {"v6.12", RealHit::Kind::Uprobe, "bcond", {987}},
        {"v6.12", RealHit::Kind::Uprobe, "cbz_taken", {974}},
        {"v6.12", RealHit::Kind::Uretprobe, "cbz_taken", {1073, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "cbz_nottaken", {973}},
        {"v6.12", RealHit::Kind::Uretprobe, "cbz_nottaken", {1072, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "tbz_taken", {976}},
        {"v6.12", RealHit::Kind::Uprobe, "tbz_nottaken", {974}},
        {"v6.12", RealHit::Kind::Uprobe, "adr", {977}},
        {"v6.12", RealHit::Kind::Uprobe, "adrp", {977}},
        {"v6.12", RealHit::Kind::Uretprobe, "adrp", {1076, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "add", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "add", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "mov", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "ldr", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "ldr", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "str", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "ldppop", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "paciasp", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "paciasp", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "btic", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "btic", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "subsp", {1154, 574}},
        {"v6.12", RealHit::Kind::Uretprobe, "subsp", {1253, 574, 787}},
        {"v6.12", RealHit::Kind::Uprobe, "fadd", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "ldrq", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "mrstpidr", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "dmb", {1154, 574}},
        {"v6.12", RealHit::Kind::Uprobe, "isb", {1154, 574}},
        {"v6.1", RealHit::Kind::Uprobe, "nop", {1493, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "nop", {1625, 644, 1166}},
        {"v6.1", RealHit::Kind::Uprobe, "push", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "push", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "ret", {1360}},
        {"v6.1", RealHit::Kind::Uretprobe, "ret", {1491, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "push_fresh_page", {1530, 2701, 644}},
        {"v6.1", RealHit::Kind::Both, "nop", {2018, 644, 1171}},
        {"v6.1", RealHit::Kind::Perf, "nop", {1378, 644}},
        {"v6.1", RealHit::Kind::Both, "push", {2018, 644, 1171}},
        {"v6.1", RealHit::Kind::Perf, "push", {1378, 644}},
        {"v6.1", RealHit::Kind::Both, "ret", {1884, 1171}},
        {"v6.1", RealHit::Kind::Perf, "ret", {1244}},
        {"v6.1", RealHit::Kind::Uprobe, "push48", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "push48", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "stpoff", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "bl", {1357}},
        {"v6.1", RealHit::Kind::Uprobe, "b", {1355}},
        {"v6.1", RealHit::Kind::Uretprobe, "b", {1486, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "br", {1360}},
        {"v6.1", RealHit::Kind::Uprobe, "blr", {1362}},
        {"v6.1", RealHit::Kind::Uprobe, "bcond", {1380}},
        {"v6.1", RealHit::Kind::Uprobe, "cbz_taken", {1365}},
        {"v6.1", RealHit::Kind::Uretprobe, "cbz_taken", {1496, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "cbz_nottaken", {1364}},
        {"v6.1", RealHit::Kind::Uretprobe, "cbz_nottaken", {1495, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "tbz_taken", {1367}},
        {"v6.1", RealHit::Kind::Uprobe, "tbz_nottaken", {1365}},
        {"v6.1", RealHit::Kind::Uprobe, "adr", {1368}},
        {"v6.1", RealHit::Kind::Uprobe, "adrp", {1368}},
        {"v6.1", RealHit::Kind::Uretprobe, "adrp", {1499, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "add", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "add", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "mov", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "ldr", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "ldr", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "str", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "ldppop", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "paciasp", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "paciasp", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "btic", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "btic", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "subsp", {1494, 644}},
        {"v6.1", RealHit::Kind::Uretprobe, "subsp", {1625, 644, 1167}},
        {"v6.1", RealHit::Kind::Uprobe, "fadd", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "ldrq", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "mrstpidr", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "dmb", {1494, 644}},
        {"v6.1", RealHit::Kind::Uprobe, "isb", {1494, 644}},
    };
    // clang-format on
    return rows;
}

// Of kernels in a small configuration, of the same sources: on a Cortex-A72, and on a Neoverse N1.
struct CompactHit {
    const char* kernel;
    RealHit::Kind kind;
    const char* name;
    std::vector<double> a72_insns, n1_insns;
};

inline const std::vector<CompactHit>& compact_hits() {
    // clang-format off
    static const std::vector<CompactHit> rows = {
        {"v6.12-compact", RealHit::Kind::Uprobe, "nop", {1066, 487}, {1089, 520}},
        {"v6.12-compact", RealHit::Kind::Uretprobe, "nop", {1093, 487, 649}, {1106, 520, 702}},
        {"v6.12-compact", RealHit::Kind::Uprobe, "push", {1066, 487}, {1089, 520}},
        {"v6.12-compact", RealHit::Kind::Uretprobe, "push", {1093, 487, 649}, {1106, 520, 702}},
        {"v6.12-compact", RealHit::Kind::Uprobe, "ret", {857}, {914}},
        {"v6.12-compact", RealHit::Kind::Uretprobe, "ret", {884, 649}, {931, 702}},
        {"v6.12-compact", RealHit::Kind::Uprobe, "push_fresh_page", {1094, 1910, 487}, {1117, 1942, 520}},
        {"v6.12-compact", RealHit::Kind::Both, "nop", {1338, 487, 657}, {1351, 520, 710}},
        {"v6.12-compact", RealHit::Kind::Perf, "nop", {1090, 487}, {1103, 520}},
        {"v6.12-compact", RealHit::Kind::Both, "push", {1338, 487, 657}, {1351, 520, 710}},
        {"v6.12-compact", RealHit::Kind::Perf, "push", {1090, 487}, {1103, 520}},
        {"v6.12-compact", RealHit::Kind::Both, "ret", {1129, 657}, {1176, 710}},
        {"v6.12-compact", RealHit::Kind::Perf, "ret", {881}, {928}},
        {"v6.1-compact", RealHit::Kind::Uprobe, "nop", {1382, 550}, {1385, 586}},
        {"v6.1-compact", RealHit::Kind::Uretprobe, "nop", {1413, 550, 945}, {1408, 586, 990}},
        {"v6.1-compact", RealHit::Kind::Uprobe, "push", {1382, 550}, {1385, 586}},
        {"v6.1-compact", RealHit::Kind::Uretprobe, "push", {1413, 550, 946}, {1408, 586, 990}},
        {"v6.1-compact", RealHit::Kind::Uprobe, "ret", {1229}, {1255}},
        {"v6.1-compact", RealHit::Kind::Uretprobe, "ret", {1259, 946}, {1278, 991}},
        {"v6.1-compact", RealHit::Kind::Uprobe, "push_fresh_page", {1419, 1680, 550}, {1422, 1733, 586}},
        {"v6.1-compact", RealHit::Kind::Both, "nop", {1798, 550, 950}, {1781, 586, 995}},
        {"v6.1-compact", RealHit::Kind::Perf, "nop", {1273, 550}, {1276, 586}},
        {"v6.1-compact", RealHit::Kind::Both, "push", {1798, 550, 950}, {1781, 586, 995}},
        {"v6.1-compact", RealHit::Kind::Perf, "push", {1273, 550}, {1276, 586}},
        {"v6.1-compact", RealHit::Kind::Both, "ret", {1644, 950}, {1651, 995}},
        {"v6.1-compact", RealHit::Kind::Perf, "ret", {1119}, {1146}},
    };
    // clang-format on
    return rows;
}

}  // namespace uprobesim::test
