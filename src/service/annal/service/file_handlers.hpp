// Handlers for file effects, within one folder.
//
//   annal::add_file_handlers(store->handlers(), "/srv/reports");
//   perform(effects::FileWrite{"today.txt", text}).run(store->handlers());
#pragma once

#include "annal/effects/handlers.hpp"

#include <filesystem>

namespace annal {

// FileWrite returns once the file, and its name, are on the disk: it is written beside its place, synced
// and renamed, with the mode of the file it replaces, and then its folder is synced. Folders on the way
// are made. FileRead and FileRemoval do what they say; a removal is synced, too. Symbolic links that
// somebody has put into the folder are followed, wherever they lead.
//   folder    of all their paths, which must not lead out of it; it is there already
//   throws    InvalidInput if it is no folder. The handlers: InvalidInput for a path that is empty,
//             absolute, or has a part `.` or `..`; effects::Transient where the disk is full or too much is
//             open; StorageError for whatever else the system says
//   dry run   reads, and removes and writes nothing
void add_file_handlers(effects::Handlers& handlers, const std::filesystem::path& folder);

}  // namespace annal
