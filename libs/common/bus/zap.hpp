// Private to bus: the ZAP handler, which lets in the CURVE clients whose public key is listed and nobody else. Without
// one libzmq lets in anybody who knows the server's public key. While the list is empty everybody is told to try again
// later: a client that was refused for good does not come back by itself.
#pragma once

#include <set>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "rt/loop.hpp"

namespace drover::bus {

class Zap {
   public:
    // Must exist before any CURVE socket of the context is bound.
    Zap(zmq::context_t& context, rt::Loop& loop, const std::vector<std::string>& allowed);
    ~Zap();
    Zap(const Zap&) = delete;
    Zap& operator=(const Zap&) = delete;

    // Replaces the list. Connections that stand are left alone.
    void allow(const std::vector<std::string>& keys);

   private:
    bool answer();

    rt::Loop& loop_;
    zmq::socket_t socket_;
    std::set<std::string> allowed_;  // raw 32-byte keys
    rt::Token token_ = 0;
};

}  // namespace drover::bus
