// What DocumentService is made of.
#pragma once

#include "annal/aspects/weaver.hpp"
#include "annal/service/change.hpp"
#include "annal/service/documents.hpp"
#include "annal/service/parts.hpp"
#include "annal/service/reader.hpp"

namespace annal {

struct DocumentService::State {
  State(const ServiceParts& made_of, Weaver& weaver);

  ChangeOutcome change(const WeavingPoint& point, const DocumentKey& key, Proposal proposal,
                       ChangeOptions options) const;

  ServiceParts parts;
  DocumentReader reader;
  // One for each method.
  const WeavingPoint create, update, put, patch, remove, undelete, purge, restore, record, rebuild,
      purge_superseded;
  const WeavingPoint get, list, collections, history, diff, verify_rows;
};

}  // namespace annal
