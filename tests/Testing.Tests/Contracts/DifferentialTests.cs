using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Testing.Contracts;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>
/// The kit's judge against one that others wrote: every request of the shipped manifests, spoiled in every place, judged by both. What the other refuses, ours must refuse; what ours
/// refuses besides must be of the sorts in which it is stricter on purpose.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    /// <summary>
    /// Names that a schema lists no others beside, without forbidding them; and encodings: the other judge makes an array of one value where the description has brackets,
    /// which the vendor refuses.
    /// </summary>
    private static readonly ViolationKind[] StricterIn = [ViolationKind.UnknownName, ViolationKind.WrongEncoding];

    /// <summary>By provider: what the description leaves free, and so no judge can refuse.</summary>
    public static TheoryData<string, string[]> Providers => new()
    {
        { "stripe", [] },
        { "twilio", [] },
        { "slack", [] },

        // Objects of which the description says no more than that: headers, arguments, the data of a template. Substitutions may be called anything, but must be texts.
        {
            "sendgrid",
            [
                .. Anything("/body/headers/X-Order", "/body/personalizations/0/headers/X-Order", "/body/personalizations/0/custom_args/order"),
                .. Anything([.. ((string[])["items", "items/0/price", "items/0/sku", "name", "order"]).Select(name => "/body/personalizations/0/dynamic_template_data/" + name)]),
                "Rename /body/personalizations/0/substitutions/-name-",
            ]
        },

        // Documents are the user's own, and so are the names of fields, aliases and runtime fields; the description wants an object as the bound of a range without a type.
        {
            "elasticsearch",
            [
                .. Anything("/body/name", "/body/price", "/body/tags"),
                "Rename /body/aliases/shop", "Rename /body/mappings/properties/name", "Rename /body/runtime_mappings/day", "Rename /body/highlight/fields/name",
                "Rename /body/post_filter/term/tags", "Rename /body/query/bool/must/0/match/name", "Rename /body/query/bool/filter/0/range/price",
                "WrongType /body/query/bool/filter/0/range/price/lte",
            ]
        },
    };

    private static IEnumerable<string> Anything(params string[] places) => places.SelectMany(place => (string[])[$"{MutationKind.Rename} {place}", $"{MutationKind.WrongType} {place}"]);

    [SkippableTheory]
    [MemberData(nameof(Providers))]
    public async Task Check_RequestsSpoiledInEveryPlace_RefusesWhatTheOtherJudgeRefuses(string provider, string[] free)
    {
        var (missed, more, uncaught, judged) = (new List<string>(), new List<string>(), new SortedSet<string>(StringComparer.Ordinal), 0);
        foreach (var group in (await Recorder.RunAsync(provider)).GroupBy(call => call.Description))
        {
            var description = await VendorDescription.LoadAsync(Require.Shared("contracts", "openapi", group.Key), CancellationToken.None);
            await using var validator = await StrictValidator.StartAsync(group.Key);
            foreach (var call in group)
            {
                // What a request is refused for as it is, says nothing of what was spoiled; and what is refused already cannot be spoiled.
                var (theirBase, ourBase) = (await validator.JudgeAsync(call.Request), description.Check(call.Request).Errors.ToHashSet());
                Assert.Equal(theirBase.Count > 0, ourBase.Count > 0);
                foreach (var mutation in Mutations.Of(call.Request).Where(mutation => !ourBase.Any(error => (mutation.Pointer + "/").StartsWith(error.Pointer + "/", StringComparison.Ordinal))))
                {
                    var theirs = (await validator.JudgeAsync(mutation.Request)).Except(theirBase).ToList();
                    var verdict = description.Check(mutation.Request);
                    var ours = verdict.Errors.Where(error => !ourBase.Contains(error)).ToList();
                    judged++;
                    Assert.Empty(verdict.NotJudged);
                    if (theirs.Count > 0 && ours.Count == 0)
                        missed.Add($"{call}, {mutation}: {string.Join("; ", theirs)}");

                    if (theirs.Count == 0 && ours.Exists(error => !StricterIn.Contains(error.Kind)))
                        more.Add($"{call}, {mutation}: {string.Join("; ", ours)}");

                    if (ours.Count == 0 && mutation.Kind is not MutationKind.Drop)
                        uncaught.Add(mutation.ToString());
                }
            }
        }

        output.WriteLine($"{provider}: {judged} spoiled requests; not refused by either in {string.Join(", ", uncaught)}");
        Assert.True(missed.Count == 0, "Missed:\n" + string.Join('\n', missed));
        Assert.True(more.Count == 0, "Refused by ours alone:\n" + string.Join('\n', more));
        Assert.Equal("", string.Join('\n', uncaught.Except(free)));
        Assert.Equal("", string.Join('\n', free.Except(uncaught)));
    }
}
