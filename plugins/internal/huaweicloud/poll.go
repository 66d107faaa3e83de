package huaweicloud

import (
	"context"
	"time"
)

// Poll calls step until it reports done or an error, or the context ends, whose error it then returns. The first call is made at once; the pauses
// between calls start with first and grow by half up to most.
func Poll(ctx context.Context, first, most time.Duration, step func(context.Context) (done bool, err error)) error {
	for pause := first; ; pause = min(pause+pause/2, most) {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := step(ctx)
		if done || err != nil {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
