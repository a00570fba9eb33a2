-- Takes every claim's amount from its limit, or nothing from any.
-- KEYS: a counter for each claim.
-- ARGV: the moment after which nobody waits for the answer (microseconds), whether to take or only to look
--       (1, 0), then for each claim: its kind ('r' rolling, 'p' period), capacity, amount, window (microseconds).
-- Answers 1 (taken), 0 (not taken) or -1 (too late), and what is taken of each limit ('' for unknown).
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if now > tonumber(ARGV[1]) then return {-1, {}} end

local taken, grants = {}, ARGV[2] == '1'
for i = 1, #KEYS do
  local at = 4 * i - 1
  local capacity, amount, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if ARGV[at] == 'r' then
    local known = redis.call('HMGET', KEYS[i], 'taken', 'at')
    local passed = math.max(0, now - (tonumber(known[2]) or now))
    taken[i] = math.max(0, (tonumber(known[1]) or 0) - passed * capacity / window)
  else
    taken[i] = tonumber(redis.call('GET', KEYS[i]) or nil)
  end
  if not taken[i] or taken[i] + amount - capacity > 1e-6 then grants = false end
  taken[i] = taken[i] or false
end

local answer = {}
for i = 1, #KEYS do
  local at = 4 * i - 1
  local capacity, window = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 3])
  if grants then
    taken[i] = taken[i] + tonumber(ARGV[at + 2])
    if ARGV[at] == 'r' then
      redis.call('HSET', KEYS[i], 'taken', string.format('%.17g', taken[i]), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[i], math.ceil(window / 1000 * math.max(1, taken[i] / math.max(1, capacity))) + 1000)
    else
      redis.call('INCRBY', KEYS[i], ARGV[at + 2])
    end
  end
  answer[i] = taken[i] and string.format('%.17g', taken[i]) or ''
end
return {grants and 1 or 0, answer}
