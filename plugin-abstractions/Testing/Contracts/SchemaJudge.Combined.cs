using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Schemas made of schemas.</summary>
internal sealed partial class SchemaJudge
{
    private void CheckCombined(ContractSchema schema, WireValue value, string pointer, SchemaOutcome outcome)
    {
        foreach (var part in schema.AllOf)
            outcome.Take(Here(schemas.Get(part), value, pointer));

        if (schema.AnyOf.Count > 0)
            outcome.Take(Choose(schema, schema.AnyOf, value, pointer, outcome));

        if (schema.OneOf.Count > 0)
            outcome.Take(Choose(schema, schema.OneOf, value, pointer, outcome));

        if (schema.Discriminator is { } discriminator && schema.AnyOf.Count + schema.OneOf.Count == 0)
            ByDescendant(schema, discriminator, value, pointer, outcome);

        if (schema.Not is { } not && Here(schemas.Get(not), value, pointer) is { Fits: true, NotJudged.Count: 0 })
            outcome.Add(ViolationKind.ForbiddenValue, pointer, "The value is one of those that are excluded.", schemas.Get(not).Place);

        if (schema.If is { } condition)
        {
            var holds = Here(schemas.Get(condition), value, pointer);
            if (holds.Fits)
                outcome.TakeNames(holds);

            if ((holds.Fits ? schema.Then : schema.Else) is { } consequence)
                outcome.Take(Here(schemas.Get(consequence), value, pointer));
        }

        if (schema.Unevaluated == OtherNames.Forbidden && value.TryMembers(out var members))
            foreach (var name in members.Select(member => member.Key).Where(outcome.Known.Add))
                outcome.Add(ViolationKind.UnknownName, PointerText.Append(pointer, name), $"{SchemaOutcome.Quote(name)} is not known here, and nothing else is allowed.", schema.Place, Nearest.Hint(name, outcome.Known));
    }

    /// <summary>
    /// The alternatives' word on a value. That a value fits two of <c>oneOf</c> is mostly the description's doing, whose alternatives overlap, and no error: vendors
    /// take such values. It is worth a warning where the two ask for different properties, and both are given.
    /// </summary>
    private SchemaOutcome Choose(ContractSchema schema, IReadOnlyList<Spot> alternatives, WireValue value, string pointer, SchemaOutcome soFar)
    {
        if (schema.Discriminator is { } discriminator && Discriminated(schema, discriminator, alternatives, value, pointer) is { } chosen)
            return chosen;

        var judged = alternatives.Select(alternative => new Alternative(Resolve(alternative), Here(schemas.Get(alternative), value, pointer), Unknown(value, soFar))).ToList();
        foreach (var one in judged)
            one.Count(soFar);

        var fitting = judged.FindAll(one => one.Outcome.Fits);
        if (fitting.Count == 0)
            return Likeliest(schema, judged, pointer);

        var fewest = fitting.Min(one => one.Strangers);
        var best = fitting.FindAll(one => one.Strangers == fewest);
        var result = new SchemaOutcome();
        if (best.Find(one => one.Outcome.NotJudged.Count == 0) is { } sure)
            result.Violations.AddRange(sure.Outcome.Violations);
        else
            result.TakeFindings(best[0].Outcome);

        foreach (var one in best)
        {
            result.TakeNames(one.Outcome);
            result.Open |= one.IsAnyObject && !soFar.Lists;
        }

        if (ReferenceEquals(alternatives, schema.OneOf) && value.TryMembers(out _) && best.Select(one => string.Join(", ", one.Schema.Required.Order())).Where(set => set.Length > 0).Distinct().Count() > 1)
            result.Add(
                ViolationKind.SeveralAlternativesFit, pointer, "The value fits more than one of the alternatives, and the description wants exactly one.", schema.Place,
                "Leave out what belongs to the other.", ViolationSeverity.Warning);

        return result;
    }

    private static HashSet<string> Unknown(WireValue value, SchemaOutcome soFar) =>
        value.TryMembers(out var members) ? [.. members.Select(member => member.Key).Where(name => !soFar.Known.Contains(name))] : [];

    private ContractSchema Resolve(Spot alternative)
    {
        var schema = schemas.Get(alternative);
        return schema.Reference is not null && schemas.Target(schema, out _) is { } target ? target : schema;
    }

    /// <summary>What is wrong by the alternative that was most likely meant.</summary>
    private static SchemaOutcome Likeliest(ContractSchema schema, List<Alternative> judged, string pointer)
    {
        bool OfType(Alternative one) => !one.Outcome.Errors.Any(error => error.Pointer == pointer && error.Kind is ViolationKind.WrongType or ViolationKind.WrongEncoding);

        var candidates = judged.FindAll(OfType);
        if (candidates.Count == 0)
        {
            var wrong = judged.SelectMany(one => one.Outcome.Errors.Where(error => error.Pointer == pointer)).ToList();
            var types = judged.SelectMany(one => one.Schema.Types).Distinct().ToList();
            var result = new SchemaOutcome();
            result.Add(
                wrong.Exists(error => error.Kind == ViolationKind.WrongType) ? ViolationKind.WrongType : ViolationKind.WrongEncoding, pointer,
                types.Count == 0 ? "The value is of a type that no alternative allows." : $"Expected {SchemaOutcome.TypesIn(types)}.", schema.Place,
                wrong.Select(error => error.Hint).FirstOrDefault(hint => hint is not null));
            return result;
        }

        if (candidates.Count > 1 && candidates.TrueForAll(one => one.Outcome.Errors.All(error => error.Kind == ViolationKind.Missing)))
        {
            var result = new SchemaOutcome();
            var sets = candidates.Select(one => string.Join(" and ", one.Outcome.Errors.Select(error => error.Pointer[(error.Pointer.LastIndexOf('/') + 1)..]))).Distinct();
            result.Add(ViolationKind.NoAlternativeFits, pointer, $"Something is missing: {string.Join(", or ", sets)}.", schema.Place, "Give one of these.");
            return result;
        }

        if (candidates.Count > 1 && candidates.TrueForAll(one => one.Outcome.Errors.Any(error => error.Pointer == pointer && error.Kind == ViolationKind.ForbiddenValue)))
        {
            var result = new SchemaOutcome();
            result.Add(ViolationKind.ForbiddenValue, pointer, "The value is none of those that the alternatives allow.", schema.Place, candidates[0].Outcome.Errors.First().Hint);
            return result;
        }

        // Whatever tells alternatives apart (a "type" with one allowed value) decides; then the fewest unknown names, then the fewest errors.
        return candidates
            .OrderBy(one => one.Outcome.Errors.Count(error => error.Kind == ViolationKind.ForbiddenValue && error.Pointer.LastIndexOf('/') == pointer.Length))
            .ThenBy(one => one.Outcome.Errors.Any(error => error.Pointer == pointer && error.Kind == ViolationKind.ForbiddenValue))
            .ThenBy(one => one.Strangers)
            .ThenBy(one => one.Outcome.Errors.Count())
            .First().Outcome;
    }

    private SchemaOutcome? Discriminated(ContractSchema schema, Discriminator discriminator, IReadOnlyList<Spot> alternatives, WireValue value, string pointer)
    {
        if (TextOf(value, discriminator.Property) is not { } name || schemas.Named(schema.Spot, discriminator, name, alternatives) is not { } target)
            return null;

        return Here(schemas.Get(target), value, pointer);
    }

    /// <summary>A schema that others extend: the value names the descendant, which refers back to this one.</summary>
    private void ByDescendant(ContractSchema schema, Discriminator discriminator, WireValue value, string pointer, SchemaOutcome outcome)
    {
        if (TextOf(value, discriminator.Property) is not { } name || schemas.Named(schema.Spot, discriminator, name, []) is not { } target
            || (target.File, target.Pointer) == (schema.Spot.File, schema.Spot.Pointer) || !choosing.Add((schema.Place, value)))
            return;

        outcome.Take(Here(schemas.Get(target), value, pointer));
        choosing.Remove((schema.Place, value));
    }

    private static string? TextOf(WireValue value, string property) =>
        value.TryMembers(out var members) && members.FirstOrDefault(member => member.Key == property).Value is { Kind: WireKind.String or WireKind.Text } text ? text.Text : null;

    /// <summary>One alternative's word on a value.</summary>
    private sealed class Alternative(ContractSchema schema, SchemaOutcome outcome, HashSet<string> names)
    {
        public ContractSchema Schema => schema;

        public SchemaOutcome Outcome => outcome;

        /// <summary>"Any object", as an alternative of its own; where names are listed beside it, it says nothing about others.</summary>
        public bool IsAnyObject => schema.IsAnyObject;

        /// <summary>How many of the value's names neither it nor what stands beside it knows.</summary>
        public int Strangers { get; private set; }

        public void Count(SchemaOutcome beside) =>
            Strangers = outcome.Open || beside.Open || (!outcome.Lists && !beside.Lists) ? 0 : names.Count(name => !outcome.Known.Contains(name));
    }
}
