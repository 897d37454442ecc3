-- All kinds of cephopenstack.io have a status in kstatus format: observedGeneration, the condition Ready, and beside it
-- Reconciling or Stalled while something is not as it should be. What each reason means: docs/operations.md of
-- ceph-openstack-operator. Objects that are being deleted are not asked about here: Argo CD shows them as Progressing.

local hs = { status = "Progressing", message = "Waiting for the operator to look at it" }

-- The definitions give an object that nobody has looked at yet the observed generation -1.
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition
end
local function holds(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

local ready = conditions.Ready
if ready == nil then
  return hs
end
hs.message = ready.message
if holds("Stalled") then
  hs.status = "Degraded"
elseif holds("Ready") and not holds("Reconciling") then
  hs.status = "Healthy"
elseif ready.reason == "ChangesPlanned" then
  -- In mode Plan changes are listed in status.plan, and nothing happens until a person sets another mode.
  hs.status = "Suspended"
end
if hs.status ~= "Healthy" then
  hs.message = (ready.reason or "Unknown") .. ": " .. (ready.message or "")
end
return hs
