#include "gateway/service.hpp"

int main(int argc, char** argv) {
    namespace host = drover::host;
    namespace gateway = drover::gateway;
    gateway::Config config;
    return host::run_service({"drover-gateway", "Serves Drover's HTTP API.",
                              "drover-gateway --run_dir /run/drover --http 127.0.0.1:4646 "
                              "--bind ipc:///run/drover/gateway.sock --peers ipc:///run/drover/store.sock"},
                             argc, argv, config, [&](host::Host& host) { return gateway::start(host, config); });
}
