#include "driver-manager/shell/service.hpp"

int main(int argc, char** argv) {
    namespace host = drover::host;
    namespace driver_manager = drover::driver_manager;
    driver_manager::Config config;
    return host::run_service(
        {"drover-driver-manager", "Starts the tasks of this node, watches them and says what they are.",
         "drover-driver-manager --data_dir /var/lib/drover --run_dir /run/drover "
         "--bind ipc:///run/drover/driver-manager.sock --peers ipc:///run/drover/alloc-runner.sock"},
        argc, argv, config, [&](host::Host& host) { return driver_manager::start(host, config); },
        [&] { return driver_manager::enter(config); });
}
