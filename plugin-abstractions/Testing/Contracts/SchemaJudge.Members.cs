using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Objects and their names.</summary>
internal sealed partial class SchemaJudge
{
    private void CheckMembers(ContractSchema schema, IReadOnlyList<KeyValuePair<string, WireValue>> members, string pointer, SchemaOutcome outcome)
    {
        outcome.Lists |= schema.ListsNames;
        outcome.Open |= schema.Others == OtherNames.Allowed || schema.Unevaluated == OtherNames.Allowed;
        outcome.Known.UnionWith(schema.Properties.Keys);
        CheckPresence(schema, members, pointer, outcome);

        foreach (var (name, value) in members)
        {
            var here = PointerText.Append(pointer, name);
            var listed = schema.Properties.TryGetValue(name, out var property);
            if (listed)
                CheckProperty(property, value, here, outcome);

            foreach (var (pattern, rule) in schema.PatternProperties.Where(pair => pair.Pattern.Matches(name) == true))
            {
                listed = true;
                outcome.Known.Add(name);
                outcome.TakeFindings(Value(rule, value, here));
            }

            if (!listed && schema.OtherSchema is { } others)
                outcome.TakeFindings(Value(others, value, here));
            else if (!listed && schema.Others == OtherNames.Forbidden && outcome.Known.Add(name))
                outcome.Add(ViolationKind.UnknownName, here, $"{SchemaOutcome.Quote(name)} is not known here, and nothing else is allowed.", schema.Place, Nearest.Hint(name, schema.Properties.Keys.ToList()));

            if (schema.PropertyNames is { } names)
                outcome.TakeFindings(Value(names, new WireValue { Kind = WireKind.String, Text = name }, here));

            if (schema.DependentSchemas.TryGetValue(name, out var dependent))
                outcome.Take(Here(schemas.Get(dependent), WireValue.OfObject(members), pointer));
        }
    }

    private void CheckProperty(Spot property, WireValue value, string pointer, SchemaOutcome outcome)
    {
        var rule = schemas.Get(property);
        outcome.TakeFindings(Value(rule, value, pointer));
        if (IsOneWay(rule, out var what))
            outcome.Add(ViolationKind.ReadOnly, pointer, $"The property is {what}.", rule.Place, "Leave it out.", ViolationSeverity.Warning);
    }

    /// <summary>Whether a property belongs into messages of the other direction only.</summary>
    private bool IsOneWay(ContractSchema rule, out string what)
    {
        what = direction == Direction.Request ? "read-only: the vendor alone writes it" : "write-only: the vendor never tells it";
        var target = rule.Reference is not null ? schemas.Target(rule, out _) : null;
        return direction == Direction.Request ? rule.ReadOnly || target?.ReadOnly == true : rule.WriteOnly || target?.WriteOnly == true;
    }

    private void CheckPresence(ContractSchema schema, IReadOnlyList<KeyValuePair<string, WireValue>> members, string pointer, SchemaOutcome outcome)
    {
        bool Has(string name) => members.Any(member => member.Key == name);

        // An answer of a simulator may leave out what nobody asked for; a request may not.
        var severity = direction == Direction.Request ? ViolationSeverity.Error : ViolationSeverity.Warning;
        foreach (var name in schema.Required.Where(name => !Has(name)))
        {
            if (schema.Properties.TryGetValue(name, out var property) && IsOneWay(schemas.Get(property), out _))
                continue;

            var near = Nearest.To(name, members.Select(member => member.Key).Where(other => !schema.Properties.ContainsKey(other)).ToList());
            outcome.Add(
                ViolationKind.Missing, PointerText.Append(pointer, name), $"{SchemaOutcome.Quote(name)} is required.", schema.Place, near is null ? null : $"Is it what is called \"{near}\" here?", severity);
        }

        foreach (var (name, needed) in schema.DependentRequired.Where(pair => Has(pair.Key)))
            foreach (var other in needed.Where(other => !Has(other)))
                outcome.Add(ViolationKind.Missing, PointerText.Append(pointer, other), $"{SchemaOutcome.Quote(other)} is required where there is {SchemaOutcome.Quote(name)}.", schema.Place, null, severity);

        if (members.Count < schema.MinProperties)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The object has fewer than {schema.MinProperties} properties.", schema.Place);

        if (members.Count > schema.MaxProperties)
            outcome.Add(ViolationKind.OutOfBounds, pointer, $"The object has more than {schema.MaxProperties} properties.", schema.Place);
    }

    /// <summary>Names that nothing lists. Where others are allowed in so many words, only what looks like a slip is worth a warning.</summary>
    private void CheckNames(SchemaOutcome outcome, IReadOnlyList<KeyValuePair<string, WireValue>> members, string pointer, ContractSchema schema)
    {
        foreach (var name in members.Select(member => member.Key).Where(name => !outcome.Known.Contains(name)))
        {
            var unused = outcome.Known.Where(known => !members.Any(member => member.Key == known)).ToList();
            if (!outcome.Open)
            {
                var severity = direction == Direction.Request ? ViolationSeverity.Error : ViolationSeverity.Warning;
                var hint = Nearest.To(name, unused) is { } near ? $"Did you mean \"{near}\"?" : Nearest.Hint(name, outcome.Known);
                outcome.Add(ViolationKind.UnknownName, PointerText.Append(pointer, name), $"{SchemaOutcome.Quote(name)} is not known here.", schema.Place, hint, severity);
            }
            else if (direction == Direction.Request && name.Length > 3 && Nearest.To(name, unused) is { } meant)
            {
                outcome.Add(
                    ViolationKind.UnknownName, PointerText.Append(pointer, name), $"{SchemaOutcome.Quote(name)} is allowed here, as any name is, and looks like a slip.", schema.Place,
                    $"Did you mean \"{meant}\"?", ViolationSeverity.Warning);
            }
        }
    }
}
