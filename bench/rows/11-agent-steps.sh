# Row 11: an agent in process: our own time a step, over a provider and a tool that answer at once; and
# ten tools of 100 ms in one step.

row_11() {
  local figures step_us parallel_ms
  figures=$(timeout 60 taskset -c "$sut_core" "$examples/step_cost" 2>&1) || { give_up "step_cost failed: $figures"; return; }
  step_us=$(sed -n 's/.*"step_us": \([0-9.]*\).*/\1/p' <<<"$figures")
  parallel_ms=$(sed -n 's/.*"parallel_ms": \([0-9.]*\).*/\1/p' <<<"$figures")
  below '11 agent, a step of our own' "$step_us us" '' "$step_us" 20 ' us'
  below '11 agent, ten tools of 100 ms in one step' "$parallel_ms ms" 'one after the other 1000 ms' "$parallel_ms" 150 ' ms'
}
