// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/block_ends.h"

#include "sim/cpu/unicorn/jit/interposed.h"
#include "sim/cpu/unicorn/jit/op_writer.h"

namespace uprobesim {

// The list's end: the call that raises, and where the block is left when an exit was asked for.
void BlockEnds::edit(TcgContext* s) const {
    TcgOp* const exit = last_op(layout_, s);
    TcgOp* const exit_label = is_op(exit, TcgOpcode::ExitBlock) ? previous_op(exit) : nullptr;
    TcgOp* const call = is_op(exit_label, TcgOpcode::SetLabel) ? previous_op(exit_label) : nullptr;
    if (!is_op(call, TcgOpcode::Call) || call->outputs != 0) return;
    std::uint64_t& function = call->args[call->inputs];
    std::uint64_t& flags = call->args[call->inputs + 1];
    if (function == number_of(calls_.raise_breakpoint)) {
        function = number_of(&uprobesim_raise_breakpoint);
    } else if (function == number_of(calls_.raise)) {
        function = number_of(&uprobesim_raise);
    } else {
        return;
    }
    flags = 0;  // it returns
    OpWriter(layout_, calls_, s, exit_label).op(TcgOpcode::ExitBlock, 0);
}

}  // namespace uprobesim
