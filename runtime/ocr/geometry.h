// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

namespace tpuc::ocr {

struct Point {
  double x = 0, y = 0;
};

// Corners of a line of text: its left top, right top, right bottom, left
// bottom, as far as that can be told from its shape.
using Quad = std::array<Point, 4>;

double Distance(Point a, Point b);

// Corners of the smallest convex polygon around the points, in order.
std::vector<Point> ConvexHull(std::vector<Point> points);

// A rectangle in any direction: corners in order around it, sides |01| and
// |12|.
struct Rectangle {
  Quad corners;
  double width() const { return Distance(corners[0], corners[1]); }
  double height() const { return Distance(corners[1], corners[2]); }
};

// The rectangle of the least area around the points, of which there must be
// one.
Rectangle MinAreaRectangle(const std::vector<Point>& points);

// Each side moved outward by `distance`.
Rectangle Expanded(const Rectangle& rectangle, double distance);

// The corners in the order of Quad.
Quad Ordered(const Rectangle& rectangle);

// Whether a convex polygon, whose corners are in order, holds the point.
bool Contains(const Quad& quad, Point point);

// Area that two quads share, over the area that they cover together; 0 when
// they cover none. Of a quad that is not convex its convex hull counts.
double IntersectionOverUnion(const Quad& a, const Quad& b);

}  // namespace tpuc::ocr
