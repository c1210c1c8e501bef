// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/net, as far as programs read it.
#pragma once

#include <memory>

namespace uprobesim {

class FileSystem;
class Network;

// Puts the texts into the guest's tree. They are made when they are opened, and empty once the network is gone.
void show_network(FileSystem& files, const std::shared_ptr<Network>& network);

}  // namespace uprobesim
