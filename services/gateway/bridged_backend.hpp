// BridgedBackend: the Backend of the running gateway. Each call posts to the hub's loop and waits for what comes back.
#pragma once

#include "gateway/backend.hpp"
#include "gateway/hub.hpp"
#include "http/bridge.hpp"

namespace drover::gateway {

class BridgedBackend : public Backend {
   public:
    // All of them outlive this and are used from connections' threads only through the bridge.
    BridgedBackend(http::Bridge& bridge, Hub& hub, http::Hints& hints) : bridge_(bridge), hub_(hub), hints_(hints) {}

    Result<void> visit(Visit visit) override;
    bool until(Holds holds, Duration limit) override;
    Result<wire::Answer> ask(wire::Request request) override;
    Result<wire::LogChunk> read_log(wire::LogRead read) override;
    Result<std::string> open_session(wire::SessionDesired wanted) override;
    Result<SessionNews> read_session(const std::string& id, std::uint64_t heard, std::uint64_t after,
                                     Duration wait) override;
    Result<bool> write_session(const std::string& id, std::uint64_t number, std::string bytes, bool last) override;
    Result<void> resize_session(const std::string& id, std::uint32_t rows, std::uint32_t columns) override;
    Result<void> signal_session(const std::string& id, const std::string& signal) override;
    void close_session(const std::string& id) override;
    std::uint64_t hints() override { return hints_.count(); }
    void wait_hint(std::uint64_t seen, Duration limit) override { hints_.wait(seen, limit); }
    void pause(Duration limit) override { hints_.pause(limit); }
    bool closing() override { return hints_.closed(); }

   private:
    http::Bridge& bridge_;
    Hub& hub_;
    http::Hints& hints_;
};

}  // namespace drover::gateway
