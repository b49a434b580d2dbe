// Contacts: whose voices to listen to, and when to listen anew, pure. Endpoints come from the configuration, from
// lookups of names, from those who listen to us and say where they speak (introductions), and from the state-store's
// list; silence decides the rest.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/peer.hpp"

namespace drover::bus {

class Contacts {
   public:
    // `self`: our id, never a contact. `hears`: the roles of the state-store's list that we listen to.
    Contacts(std::string self, std::set<std::string> hears) : self_(std::move(self)), hears_(std::move(hears)) {}

    // What is known of where to listen. Takes effect with the next steps().
    void configured(const std::string& endpoint);
    // Every endpoint that a name stands for now.
    void resolved(const std::string& name, const std::vector<std::string>& endpoints);
    // Somebody who listens to us says where it speaks, once for each of its connections, and its connection ends.
    void introduced(const wire::PeerAddress& peer);
    void withdrawn(const wire::PeerAddress& peer);
    // The whole list of the state-store.
    void listed(const std::vector<wire::PeerAddress>& peers);
    // What the list was in an earlier life: true until a list is heard.
    void remembered(const std::vector<wire::PeerAddress>& peers);

    // What is heard there, and who it is.
    void heard(Instant now, const std::string& endpoint);
    void heard_as(const std::string& endpoint, const std::string& id);

    // What to do now. reopen: a socket that may be deaf is closed and made anew. look_up: a name's host is to be looked
    // up again at once. Endpoints are opened before they are reopened or closed.
    enum class Deed { open, reopen, close, look_up };
    struct Step {
        Deed deed;
        std::string what;  // the endpoint, or the name
        friend bool operator==(const Step&, const Step&) = default;
    };
    std::vector<Step> steps(Instant now);

    enum class Standing { unknown, closed, heard, suspect };
    Standing standing(Instant now, const std::string& endpoint) const;

    // Who has introduced itself, and what the list would be without the state-store: sorted by id.
    std::vector<wire::PeerAddress> introductions() const;
    std::vector<wire::PeerAddress> list() const;

    static constexpr Duration kSuspect = seconds(3);  // everybody speaks once a second
    static constexpr Duration kSilence = seconds(5);  // before a socket is made anew; doubles while that does not help
    static constexpr Duration kLongestSilence = seconds(30);
    static constexpr Duration kForgotten = seconds(15);  // silent, and nobody says any more that it exists
    static constexpr std::size_t kMaxLearned = 1000;     // contacts that were not configured; later ones are not taken

   private:
    struct Contact {
        bool configured = false;
        std::set<std::string> names;  // that it was found under
        std::size_t introductions = 0;
        bool listed = false;
        bool remembered = false;
        std::string id;  // whose voice it is, as said by itself or by the list
        std::string role;

        bool open = false;
        bool looked_up = false;  // since it was heard
        Instant heard_at;        // or first opened
        Instant tried_at;        // the socket was made, or heard
        std::uint64_t silences = 0;

        bool given() const { return configured || !names.empty(); }
        bool needed() const { return given() || introductions > 0 || listed || remembered; }
    };

    Contact* learn(const wire::PeerAddress& peer, const std::string& endpoint);
    bool heard_elsewhere(Instant now, const std::string& endpoint, const Contact& contact) const;
    void open_what_is_needed(Instant now, std::vector<Step>& steps);
    void mind_the_silent(Instant now, std::vector<Step>& steps);

    std::string self_;
    std::set<std::string> hears_;
    std::map<std::string, Contact> contacts_;  // by endpoint
};

}  // namespace drover::bus
