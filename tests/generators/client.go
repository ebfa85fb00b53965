// Puts a behavior, waits for a mail and reads its delivery (oapi-codegen).
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	api, err := NewClientWithResponses(os.Args[1])
	check(err)
	ctx := context.Background()
	value, text := "busy@", "4.2.0 Busy"
	busy := BehaviorInput{
		Command:   BehaviorInputCommandRCPTTO,
		Condition: &ConditionInput{Operator: ConditionInputOperatorContains, MatchingValue: &value},
		Response:  &ResponseInput{Message: &text, Delay: 10},
	}
	put, err := api.PutBehaviorsWithResponse(ctx, []BehaviorInput{busy})
	check(err)
	if put.StatusCode() != 204 {
		panic(string(put.Body))
	}
	to, wait := "you@there.test", "10s"
	view := ListMailsParamsViewSummary
	mails, err := api.ListMailsWithResponse(ctx, &ListMailsParams{To: &to, Wait: &wait, View: &view})
	check(err)
	deliveries, err := api.ListDeliveriesWithResponse(ctx, &ListDeliveriesParams{To: &to, Wait: &wait})
	check(err)
	fmt.Println(*(*mails.JSON200)[0].Subject, (*deliveries.JSON200)[0].Final)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
