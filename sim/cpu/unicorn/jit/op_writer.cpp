// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/op_writer.h"

namespace uprobesim {

TcgValue OpWriter::temp(TcgType type) const {
    const auto used = read_at<std::uint32_t>(s_, layout_.tcg_nb_temps);
    const TcgValue first_unused = number_of(s_) + layout_.tcg_temps + sizeof(TcgTemp) * used;
    for (;;) {
        const TcgTemp* const t = calls_.new_temp(s_, static_cast<int>(type), false);
        // In the middle of a block it must be one that no operation uses: the translator has given
        // its own back by now, but later operations still read what is in them.
        if (before_ == nullptr || number_of(t) >= first_unused) return number_of(t);
    }
}

TcgValue OpWriter::label() const {
    std::uint32_t* const l = calls_.new_label(s_);
    // How many branches there are to it stands in the upper half; the engine drops what none leads
    // to.
    *l += 1u << 16;
    return number_of(l);
}

TcgOp* OpWriter::add(TcgOpcode opcode) const {
    const int number = static_cast<int>(opcode);
    return before_ == nullptr ? calls_.emit(s_, number) : calls_.insert_before(s_, before_, number);
}

}  // namespace uprobesim
