using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Events.Routing;

/// <summary>
/// A compiled JSON pointer into the envelope of an event. Where it comes upon an array and goes on with a name, it goes on in each of the elements. Immutable and thread-safe.
/// </summary>
internal sealed class EventPath
{
    public const int MaxLength = 512;
    public const int MaxSegments = 32;

    /// <summary>How deep a walk may go; arrays in arrays count as well.</summary>
    private const int MaxDepth = 64;

    /// <summary>How many names that are no Unicode an object may have before it is taken for one without the name that is looked for.</summary>
    private const int MaxFaultyNames = 16;

    /// <summary>What an exception costs, in steps: a list of a hundred thousand faulty elements must not take seconds.</summary>
    private const int StepsOfAFault = 500;

    private static readonly string[] Names = [.. Enum.GetNames<EventAttribute>().Select(name => name.ToLowerInvariant())];

    private readonly Segment[] segments;

    private EventPath(string text, EventAttribute attribute, Segment[] segments)
    {
        Text = text;
        Attribute = attribute;
        this.segments = segments;
    }

    public string Text { get; }

    public EventAttribute Attribute { get; }

    public bool NeedsData => Attribute == EventAttribute.Data;

    /// <returns>The path; else what is wrong with it.</returns>
    public static EventPath? TryParse(string pointer, out PatternError? error)
    {
        error = null;
        if (pointer.Length is < 2 or > MaxLength || !JsonPointer.TryParse(pointer, out _))
        {
            error = new($"This is no JSON pointer of up to {MaxLength} characters.", "It begins with '/': '/type', '/subject', '/data/amount'. A '/' in a name is written '~1', a '~' '~0'.");
            return null;
        }

        var parts = pointer[1..].Split('/').Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        if (parts.Length > MaxSegments)
            error = new($"The pointer has more than {MaxSegments} parts.", "Point to a field further up.");
        else if (Array.IndexOf(Names, parts[0]) is var index && index < 0)
            error = new($"An event has no '{parts[0]}'.", $"The payload is below /data: did you mean '/data{pointer}'? Besides there are {string.Join(", ", Names.Skip(1).Select(name => "/" + name))}.");
        else if (index > 0 && parts.Length > 1)
            error = new($"'{parts[0]}' is a text and has nothing below it.", $"Write '/{parts[0]}'.");
        else
            return new EventPath(pointer, (EventAttribute)index, [.. parts.Skip(1).Select(part => new Segment(part))]);

        return null;
    }

    /// <summary>Whether any of the values there passes the test.</summary>
    public bool Any(EventFields fields, FilterTest test, ref FilterBudget budget)
    {
        if (Attribute != EventAttribute.Data)
            return fields.Attribute(Attribute) is { } text && budget.Spend(1) && test.Holds(new FieldValue(text), ref budget);

        try
        {
            var data = fields.Data;
            if (data.ValueKind == JsonValueKind.Undefined)
                return false;

            if (fields.TryRecall(Text, out var way))
                budget.Spend(way.Cost);
            else if (Descend(data, ref budget) is var found && !budget.IsSpent)
                fields.Remember(way = found);

            return !budget.IsSpent && way.At >= 0 && Walk(way.Element, way.At, way.At, test, ref budget);
        }
        catch (InvalidOperationException)
        {
            // A name or a text with half a surrogate pair in it is equal to nothing.
            return false;
        }
    }

    /// <summary>The value there, when it is one and not an object or array; for keys and for showing.</summary>
    public FieldValue? Single(EventFields fields)
    {
        if (Attribute != EventAttribute.Data)
            return fields.Attribute(Attribute) is { } text ? new FieldValue(text) : null;

        try
        {
            var value = fields.Data;
            if (value.ValueKind == JsonValueKind.Undefined)
                return null;

            var budget = new FilterBudget(MaxSegments * MaxFaultyNames * StepsOfAFault);

            foreach (var segment in segments)
            {
                var found = value.ValueKind switch
                {
                    JsonValueKind.Object => TryMember(value, segment.Utf8, ref budget, out value),
                    JsonValueKind.Array => segment.TryIndex(value, out value),
                    _ => false,
                };
                if (!found)
                    return null;
            }

            return new FieldValue(value);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Goes on through objects, which takes no choice.</summary>
    private EventWay Descend(JsonElement current, ref FilterBudget budget)
    {
        var before = budget.Left;
        for (var at = 0; ; at++)
        {
            if (at == segments.Length || current.ValueKind != JsonValueKind.Object)
                return new EventWay(Text, current, at, before - budget.Left);

            // Names are compared one by one.
            if (!budget.Spend(1 + (current.GetPropertyCount() / 8)) || !TryMember(current, segments[at].Utf8, ref budget, out current))
                return new EventWay(Text, default, -1, before - budget.Left);
        }
    }

    private bool Walk(JsonElement current, int at, int depth, FilterTest test, ref FilterBudget budget)
    {
        if (!budget.Spend(1) || depth > MaxDepth)
            return false;

        var isArray = current.ValueKind == JsonValueKind.Array;
        if (at == segments.Length)
        {
            if (Holds(test, current, ref budget))
                return true;

            return isArray && !test.TakesArrays && AnyElement(current, at, depth, test, ref budget);
        }

        if (current.ValueKind == JsonValueKind.Object)
        {
            // Names are compared one by one.
            return budget.Spend(current.GetPropertyCount() / 8)
                && TryMember(current, segments[at].Utf8, ref budget, out var member) && Walk(member, at + 1, depth + 1, test, ref budget);
        }

        if (!isArray)
            return false;

        return segments[at].IsIndex
            ? budget.Spend(current.GetArrayLength() / 64) && segments[at].TryIndex(current, out var item) && Walk(item, at + 1, depth + 1, test, ref budget)
            : AnyElement(current, at, depth, test, ref budget);
    }

    private static bool Holds(FilterTest test, JsonElement value, ref FilterBudget budget)
    {
        try
        {
            return test.Holds(new FieldValue(value), ref budget);
        }
        catch (InvalidOperationException)
        {
            // A text with half a surrogate pair in it is equal to nothing, and the elements after it are looked at.
            budget.Spend(StepsOfAFault);
            return false;
        }
    }

    private static bool TryMember(JsonElement owner, byte[] name, ref FilterBudget budget, out JsonElement value)
    {
        try
        {
            return owner.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            // One of the names has half a surrogate pair in it. It is equal to nothing, and stands in no other's way.
            return TryMemberAmongFaulty(owner, name, ref budget, out value);
        }
    }

    private static bool TryMemberAmongFaulty(JsonElement owner, byte[] name, ref FilterBudget budget, out JsonElement value)
    {
        value = default;
        var found = false;
        var faulty = 0;
        foreach (var member in owner.EnumerateObject())
        {
            try
            {
                if (!member.NameEquals(name))
                    continue;

                // As elsewhere the last of several counts.
                (value, found) = (member.Value, true);
            }
            catch (InvalidOperationException)
            {
                if (!budget.Spend(StepsOfAFault) || ++faulty > MaxFaultyNames)
                {
                    value = default;
                    return false;
                }
            }
        }

        return found;
    }

    private bool AnyElement(JsonElement array, int at, int depth, FilterTest test, ref FilterBudget budget)
    {
        foreach (var element in array.EnumerateArray())
        {
            if (Walk(element, at, depth + 1, test, ref budget))
                return true;
            if (budget.IsSpent)
                return false;
        }

        return false;
    }

    public override string ToString() => Text;

    /// <summary>One part of a pointer: a name, or the place in an array; <c>-1</c> is the last.</summary>
    private readonly struct Segment(string text)
    {
        private readonly int index = text == "-1" ? -1 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MinValue;

        public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(text);

        public bool IsIndex => index != int.MinValue;

        public bool TryIndex(JsonElement array, out JsonElement value)
        {
            value = default;
            var length = array.GetArrayLength();
            var place = index == -1 ? length - 1 : index;
            if (place < 0 || place >= length)
                return false;

            value = array[place];
            return true;
        }
    }
}
