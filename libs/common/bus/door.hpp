// Private to bus: watches who comes to a socket of ours and is turned away by libzmq itself, before any key is asked
// for: no CURVE, or no ZeroMQ at all. libzmq names no address; the connection is asked for it while it stands.
#pragma once

#include <map>
#include <string>
#include <zmq.hpp>

#include "bus/refusal.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class Door {
   public:
    Door(zmq::context_t& context, rt::Loop& loop, zmq::socket_t& socket, RefusalHandler refused);
    ~Door();
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

   private:
    struct Guest {
        std::string address;
        bool sure = true;  // it has not been mixed up with another that was at the door at the same time
    };
    bool drain();
    void hear(std::uint16_t event, std::uint32_t value);
    void someone_was_judged();
    void gone(int connection);

    rt::Loop& loop_;
    zmq::socket_t socket_;
    RefusalHandler refused_;
    std::map<int, Guest> guests_;  // whose handshake is not over, by connection
    std::string why_;              // said of the connection that is about to end
    rt::Token token_ = 0;
};

}  // namespace drover::bus
