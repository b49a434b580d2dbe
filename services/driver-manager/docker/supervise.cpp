#include "driver-manager/supervisor/supervise.hpp"
#include "driver-manager/docker/keeper.hpp"
#include "driver-manager/docker/verbs.hpp"

namespace drover::docker {

int supervise(const char* directory) {
    return supervisor::supervise(directory, [](const supervisor::Charge& charge, supervisor::Post& post) {
        if (*charge.spec.container == '\0') return post.fail_start("the task is no container", false);
        Keeper(charge.spec, post, charge.resumed).run();
    });
}

}  // namespace drover::docker
