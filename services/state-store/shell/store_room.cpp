#include "host/log.hpp"
#include "state-store/shell/store.hpp"

namespace drover::store {

namespace {

bool is_new_work(const wire::Request& request) {
    return request.ask == wire::Ask::job_submit || request.ask == wire::Ask::variable_put;
}

}  // namespace

void Store::lose_room(const Error& why) {
    if (!no_room_) {
        log::error("no new work is taken on", {{"error", why}});
        news_.emplace_back("Store Disk Full", why.message + "; no new jobs and variables are taken on until there is");
    }
    no_room_ = why.message;
    if (refusing_) {
        std::erase_if(inbox_, [this](const Statement& statement) {
            const auto* asked = std::get_if<Asked>(&statement);
            return asked != nullptr && turn_away(*asked);
        });
    }
}

void Store::look_for_room() {
    if (!no_room_ || !disk_.reserve()) return;
    no_room_.reset();
    log::info("there is room again");
    news_.emplace_back("Store Has Room", "new jobs and variables are taken on again");
}

// False when it has to be taken on: it is no new work, or there is room. What was taken on before is answered as then.
bool Store::turn_away(const Asked& asked) {
    if (!no_room_ || !is_new_work(asked.request)) return false;
    const auto earlier = earlier_answer(view_, asked.request);
    if (!earlier) return false;
    const Error why{ErrorKind::unavailable,
                    *no_room_ +
                        ". The state-store takes on no new jobs and variables until there is room, then it goes on by "
                        "itself; nothing was changed, and what runs goes on."};
    desk_.answer(asked.gateway, *earlier ? **earlier : refusal(asked.request.id, why));
    desk_.publish();
    return true;
}

}  // namespace drover::store
