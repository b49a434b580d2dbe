// Private to bus: the ZAP handler, which lets in the CURVE clients whose public key is listed, each where its role may
// connect, and nobody else. Without one libzmq lets in anybody who knows the server's public key. While the list is
// empty everybody is told to try again later: a client that was refused for good does not come back by itself.
#pragma once

#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "bus/refusal.hpp"
#include "bus/roles.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class Zap {
   public:
    // Must exist before any CURVE socket of the context is bound.
    Zap(zmq::context_t& context, rt::Loop& loop, const std::vector<Allowed>& allowed, RefusalHandler refused);
    ~Zap();
    Zap(const Zap&) = delete;
    Zap& operator=(const Zap&) = delete;

    // Replaces the list. Connections that stand are left alone.
    void allow(const std::vector<Allowed>& keys);

   private:
    struct Word {
        std::string_view code;
        std::string text;
        std::string_view user;  // what messages of the connection have as their "User-Id"
    };
    Word judge(const std::vector<zmq::message_t>& request) const;
    bool answer();

    rt::Loop& loop_;
    zmq::socket_t socket_;
    std::map<std::string, Role> allowed_;  // by raw 32-byte key
    RefusalHandler refused_;
    rt::Token token_ = 0;
};

}  // namespace drover::bus
