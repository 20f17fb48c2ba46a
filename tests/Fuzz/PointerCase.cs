using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Fuzz;

/// <summary>JSON pointers made at random, into documents made at random.</summary>
internal static class PointerCase
{
    public const string Name = "pointer";

    public static CaseResult Run(ulong seed, List<string> steps, ref object? input)
    {
        var dice = new Dice(seed);
        var draft = new Draft { Body = dice.Pick<Func<Dice, byte[]>>(Bodies.Json, Bodies.Nested, Bodies.Adyen, Bodies.Batch)(dice) };
        foreach (var mutation in Enumerable.Range(0, dice.Below(3)).Select(_ => dice.PickFrom(BodyMutations.All)))
            mutation.Apply(draft, dice, Schemes.All[0]);

        var pointer = string.Concat(Enumerable.Range(0, dice.Below(5)).Select(_ => "/" + dice.Pick("id", "data", "object", "entry", "0", "-1", "1", "99999999999", "", "~0", "~1", "~", "~2", "\ud800", "é", "+1", "٠")));
        input = new { pointer, body = draft.Text.Length > 4000 ? null : draft.Text };
        if (!JsonPointer.TryParse(pointer, out var compiled))
            return new CaseResult { Outcome = "no pointer", Steps = steps, Input = input };

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(draft.Body);
        }
        catch (JsonException)
        {
            return new CaseResult { Outcome = "no JSON", Steps = steps, Input = input };
        }

        using (document)
            return new CaseResult { Outcome = compiled.TryEvaluate(document.RootElement, out var value) && value.ValueKind != JsonValueKind.Undefined ? "found" : "not found", Steps = steps, Input = input };
    }
}
